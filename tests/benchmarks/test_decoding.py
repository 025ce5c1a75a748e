"""What decoding and validating a hot document takes: the typed decoder beside the serializer."""

import json
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import pytest

from chat.payloads import serializers
from chat.payloads.decoding import DocumentDecoder
from chat.payloads.parsers import parse_json
from chat.payloads.serializers import validated
from chat.socket import commands
from chat.socket.frames import parse_command

ROUNDS = 300
CONVERSATION = "a" * 26

COMMANDS: dict[str, dict[str, Any]] = {
    "message.send": {"conversation_id": CONVERSATION, "text": "See you at eight", "client_id": "c"},
    "receipt.read": {"conversation_id": CONVERSATION, "seq": 7},
    "conversation.sync": {"conversations": {f"{number:026}": 7 for number in range(100)}},
    "ping": {},
}
BODIES: dict[str, tuple[Any, dict[str, Any]]] = {
    "POST messages": (serializers.SendMessage, {"text": "See you at eight", "client_id": "c"}),
    "POST messages, 10,000 characters": (serializers.SendMessage, {"text": "ü" * 10_000}),
    "POST read": (serializers.MarkRead, {"seq": 7}),
}


def microseconds(decode: Callable[[], object]) -> float:
    """The median of one call."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        decode()
        taken.append((time.perf_counter() - begun) * 1e6)
    return median(taken)


def typed_frame(frame: str) -> object:
    return parse_command(frame, commands.TYPED)


def serialized_frame(serializer_class: Any, frame: str) -> object:
    return validated(serializer_class, parse_command(frame).fields)


def serialized_body(serializer_class: Any, body: bytes) -> object:
    return validated(serializer_class, parse_json(body))


def typed_body(decoder: DocumentDecoder, body: bytes) -> object:
    return decoder.decode(body.decode())


@pytest.mark.benchmark
def test_typed_decoding(capsys: pytest.CaptureFixture[str]) -> None:
    """Every hot document takes less than half of what the serializer takes."""
    figures: dict[str, tuple[float, float]] = {}
    for kind, fields in COMMANDS.items():
        frame = json.dumps({"id": 1, "type": kind, **fields}, ensure_ascii=False)
        serializer_class = commands.COMMANDS[kind].serializer
        figures[kind] = (
            microseconds(partial(serialized_frame, serializer_class, frame)),
            microseconds(partial(typed_frame, frame)),
        )
    for name, (serializer_class, fields) in BODIES.items():
        body = json.dumps(fields, ensure_ascii=False).encode()
        figures[name] = (
            microseconds(partial(serialized_body, serializer_class, body)),
            microseconds(partial(typed_body, DocumentDecoder(serializer_class), body)),
        )

    with capsys.disabled():
        for name, (before, after) in figures.items():
            print(f"\n{name}: serializer {before:.0f} µs, typed {after:.1f} µs", end="")
            print(f", {before / after:.0f}×", end="")
    assert all(after < before / 2 for before, after in figures.values())
