"""JSON in: one strict decoder for request bodies and frames."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.parsers import BaseParser

from chat.errors import InvalidJSON
from messaging.exceptions import PayloadTooLarge
from messaging.limits import get_limits


def parse_json(data: bytes | str) -> Any:
    """Strict JSON: no NaN, no lone surrogates, bounded depth. Raises InvalidJSON."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InvalidJSON(f"This is not valid JSON: {error}.") from None


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = get_limits().body_bytes
        data = stream.read(limit + 1)
        if len(data) > limit:
            raise PayloadTooLarge(f"A request body has at most {limit} bytes.")
        return parse_json(data)
