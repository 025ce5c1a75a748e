"""The revision of a conversation's row, which every write of the row changes."""

import secrets
from datetime import datetime

from messaging.domain.conversation import Conversation
from messaging.domain.fields.codec import copier
from messaging.stores.shared.commit_time import stamped_conversation

_BITS = 52
"""The maximum: larger whole numbers are not exact in every JSON reader."""
_written_by = copier(Conversation, "commit_id")


def new_revision() -> int:
    """Return a random revision. After a restore, a counter could match again by chance."""
    return secrets.randbits(_BITS)


def committed(conversation: Conversation, commit_id: str, at: datetime) -> Conversation:
    """Return the conversation as a commit at this time stores it."""
    written = _written_by(conversation, commit_id=commit_id)
    return stamped_conversation(written, at, token=new_revision())
