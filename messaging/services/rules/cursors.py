"""Cursors of lists of people, which continue after a user id."""

import base64
import binascii

from messaging.domain.exceptions import InvalidRequest
from messaging.domain.identifiers import is_stored_user_id


def cursor_after(user_id: str) -> str:
    """Return the cursor of the page after this person."""
    return base64.urlsafe_b64encode(user_id.encode()).decode()


def decode_cursor(cursor: str) -> str:
    """Return the user id in a cursor. Raises InvalidRequest."""
    try:
        user_id = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        user_id = ""
    if not is_stored_user_id(user_id):
        detail = "The cursor is not valid. Use the next_cursor of the previous page."
        raise InvalidRequest.of("cursor", detail)
    return user_id
