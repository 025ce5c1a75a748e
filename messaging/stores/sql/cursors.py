"""A place in a list of conversations, as a cursor of the SQL store."""

import base64
import json
from datetime import datetime, timedelta

from messaging.domain.conversation import Conversation, ListedConversation
from messaging.domain.identifiers import is_stored_id
from messaging.stores.conversations import InvalidCursor

_LONGEST = 200


def encode(conversation: Conversation | ListedConversation) -> str:
    """Return the cursor of a page that ends with this conversation."""
    place = json.dumps([conversation.active_at.isoformat(), conversation.id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[datetime, str]:
    """Return `active_at` and `id` of the conversation that ended the page. Raises InvalidCursor."""
    if len(cursor) > _LONGEST:
        # A deeply nested document would overflow the stack of the JSON parser.
        raise InvalidCursor
    try:
        place = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        active_at, conversation_id = json.loads(place)
        moment = datetime.fromisoformat(active_at)
        known = moment.utcoffset() == timedelta(0) and is_stored_id(conversation_id)
    except (ValueError, TypeError) as error:
        raise InvalidCursor from error
    if not known:
        raise InvalidCursor
    return moment, conversation_id
