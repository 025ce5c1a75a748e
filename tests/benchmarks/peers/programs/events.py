"""What the small programs in Python share: an event as long as the product's."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

_MORE = "x" * 70

HELLO = '{"type":"hello"}'


def created(conversation: str, number: int, text: str, sender: str) -> dict[str, Any]:
    """Return the event of a new message."""
    return {
        "type": "message.created",
        "event_id": f"{conversation}.{number}",
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "conversation_id": conversation,
        "version": number,
        "data": {
            "message": {
                "id": f"{conversation}-{number}",
                "seq": number,
                "sender_id": sender,
                "client_id": str(number),
                "text": text,
                "more": _MORE,
            }
        },
    }


def fan(command: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the events that a `fan` command asks for."""
    first = int(command["first"])
    for number in range(first, first + command["count"]):
        text = command["text"].replace(command["first"], f"{number:08}")
        yield created(command["to"], number, text, "sender")


def encoded(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


def reply(command: dict[str, Any]) -> dict[str, Any]:
    return {"type": "reply", "id": command["id"]}


def typing(command: dict[str, Any]) -> dict[str, Any]:
    return {"type": "typing.started", "conversation_id": command["to"]}


def room_of(path: str) -> str:
    return parse_qs(urlsplit(path).query)["conversation"][0]
