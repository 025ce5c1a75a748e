"""The Firestore store's cursors: positions in a list of conversations."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from messaging.domain.identifiers import is_stored_id
from messaging.stores.conversations import InvalidCursor
from messaging.stores.firestore.documents import id_of
from messaging.stores.firestore.documents.conversions import read_moment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def cursor_of(document: Any) -> str:
    """Return the cursor after the conversation of this document."""
    return encode_cursor(read_moment(document.fields["active_at"]), id_of(document))


def decode_cursor(cursor: str) -> tuple[datetime, str]:
    """Return the `active_at` and the id of a page's last conversation. Raises InvalidCursor."""
    try:
        micros, conversation_id = json.loads(base64.urlsafe_b64decode(cursor))
        if not is_stored_id(conversation_id):
            raise InvalidCursor
        return _EPOCH + micros * _MICROSECOND, conversation_id
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidCursor from error


def encode_cursor(active_at: datetime, conversation_id: str) -> str:
    """Return the cursor after a conversation."""
    micros = (active_at - _EPOCH) // _MICROSECOND
    return base64.urlsafe_b64encode(json.dumps([micros, conversation_id]).encode()).decode()
