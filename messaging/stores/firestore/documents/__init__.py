"""Conversations, messages and read positions as Firestore documents, and back.

conversations/{id}                          the conversation, with a copy of its latest message, and
                                            with a summary of its people for lists
conversations/{id}/messages/{id}            its messages
conversations/{id}/messages/{id}/reactions/{user_id}
                                            the reactions of each person
conversations/{id}/participants/{user_id}   each participant's read position
"""

from typing import Any


def id_of(document: Any) -> str:
    """Return the id of a document: the last part of its name."""
    return str(document.name.rpartition("/")[2])


def conversation_id_of(document: Any) -> str:
    """Return the id of the conversation of a message's or a position's document."""
    _, conversation_id, _, _ = document.name.rsplit("/", 3)
    return str(conversation_id)
