"""Sizes: how large a conversation may become before it takes nobody more.

Firestore keeps a conversation in one document of at most 1 MiB:
https://firebase.google.com/docs/firestore/quotas#limits
The rule is the same on every store, so that a conversation can move from one to another.
"""

from messaging.domain.conversation import Conversation
from messaging.domain.uncounted import MAX_CHARACTERS

LARGEST = 900 * 1024
"""Bytes. The rest is left to the latest message, its mentions and what is added later."""

_PER_PERSON = 140
"""What the entries of one person take besides their four copies of the id: role, joined_version,
sent_seq, preferences. https://firebase.google.com/docs/firestore/storage-size"""
_COPIES_OF_ID = 4
_REST = 2_048 + MAX_CHARACTERS
"""Names of fields, times, ids, the copy of the people that lists show, without their ids, and the
ranges of deleted messages."""


def grown_size(conversation: Conversation) -> int:
    """Return about how many bytes a conversation takes once each of its people has sent a message
    and changed their settings."""
    title = len((conversation.title or "").encode())
    people = sum(
        _COPIES_OF_ID * (len(user_id) + 1) + _PER_PERSON for user_id in conversation.participants
    )
    return _REST + title + people


def takes_more_people(conversation: Conversation) -> bool:
    """Return whether the conversation, with those who are to be added, is small enough."""
    return grown_size(conversation) <= LARGEST
