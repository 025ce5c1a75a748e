"""Sizes: the maximum size of a conversation to which people can be added.

Firestore stores a conversation in one document of at most 1 MiB:
https://firebase.google.com/docs/firestore/quotas#limits

The rule is the same on every store, so that a conversation can move from one to another.
"""

from messaging.domain.conversation import Conversation
from messaging.domain.uncounted import MAX_CHARACTERS

LARGEST = 900 * 1024
"""In bytes. The rest is reserved for the latest message, its mentions, and later additions."""

_PER_PERSON = 158
"""The bytes of one person's entries besides five copies of the id: role, joined_version,
visible_from, sent_seq, mentioned_seq, preferences.
https://firebase.google.com/docs/firestore/storage-size"""
_COPIES_OF_ID = 5
_REST = 10 * 1024 + MAX_CHARACTERS
"""The bytes of field names, times, ids, the copy of the people for lists without their ids, the
metadata, the picture, and the ranges of deleted messages."""


def grown_size(conversation: Conversation) -> int:
    """Return the approximate bytes of a conversation after each of its people has sent a message
    and changed their settings."""
    title = len((conversation.title or "").encode())
    people = sum(
        _COPIES_OF_ID * (len(user_id) + 1) + _PER_PERSON for user_id in conversation.participants
    )
    return _REST + title + people


def takes_more_people(conversation: Conversation) -> bool:
    """Return whether the conversation is small enough, including the people to be added."""
    return grown_size(conversation) <= LARGEST
