"""What a search takes and answers."""

from typing import Any

from chat.payloads.fields import StrictCharField, StrictDateTimeField
from chat.payloads.serializers import PageQuery
from messaging.search.query import MAX_CHARACTERS, MIN_CHARACTERS
from messaging.services.search.hits import FoundMessage
from messaging.wire.representations import personal_message_data

_MAX_USER_ID = 128


class SearchQuery(PageQuery):
    q = StrictCharField(
        min_length=MIN_CHARACTERS,
        max_length=MAX_CHARACTERS,
        help_text="Words that the message has, all of them. The last one may be the beginning of a "
        'word. Words in "quotes" must follow each other. Case and accents do not matter',
    )
    conversation_id = StrictCharField(required=False, max_length=_MAX_USER_ID)
    sender_id = StrictCharField(
        required=False, max_length=_MAX_USER_ID, help_text="Only messages of this person"
    )
    before = StrictDateTimeField(required=False, help_text="Only messages sent before this time")
    after = StrictDateTimeField(required=False, help_text="Only messages sent after this time")
    cursor = StrictCharField(required=False)


def found_data(found: FoundMessage) -> dict[str, Any]:
    return {
        "message": personal_message_data(found.message, found.own_reactions),
        "snippet": [{"text": part.text, "match": part.match} for part in found.snippet],
    }
