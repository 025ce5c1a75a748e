"""Scopes: words that no text contains, which mark a message as one of a conversation or a person.

With them a search within a conversation reads only what the conversation has.
"""

from messaging.domain.identifiers import derived_id


def conversation_scope(conversation_id: str) -> str:
    return f"_c{conversation_id}"


def sender_scope(user_id: str) -> str:
    """Return the scope of a person. Ids of people have characters that separate words."""
    return f"_s{derived_id('sender', user_id)}"
