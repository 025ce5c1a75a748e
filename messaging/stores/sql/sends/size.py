"""The size of a send, which bounds the sends that share a transaction."""

from messaging.stores.conversations import Commit
from messaging.stores.sql.connections.shared_transactions import Size
from messaging.stores.sql.sends.columns import is_send

_ENTRY_BYTES = 64
"""What a person's entry in `sent_seq`, or a mention, adds to the bytes of a commit at most, on
average."""


def size_of(commit: Commit) -> Size | None:
    """Return the messages of a send, and its bytes on average at most. Any other commit shares with
    nobody."""
    if not is_send(commit):
        return None
    texts = sum(len(message.text or "") for message in commit.created)
    mentions = sum(len(message.mentions) for message in commit.created)
    entries = mentions + len(commit.after.sent_seq) + len(commit.after.mentioned_seq)
    return Size(rows=len(commit.created), bytes=texts + _ENTRY_BYTES * entries)
