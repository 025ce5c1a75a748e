"""The frames of the socket: incoming commands, outgoing replies and errors. The core encodes
events."""

from typing import Any

import msgspec

from chat.errors import Problem
from chat.payloads.decoding import LARGEST_ID, MAX_ID_CHARACTERS, CommandDecoder, NotAccepted
from chat.payloads.fields import has_surrogates
from chat.payloads.parsers import parse_json
from chat.payloads.renderers import render_json
from messaging.domain.exceptions import InvalidRequest, PayloadTooLarge
from messaging.domain.limits import get_limits
from messaging.instruments.metrics import REFUSALS

CommandId = int | str

_MAX_BYTES_OF_A_CHARACTER = 4


class ReceivedCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A command as it was read from a frame. `chat.socket.command` describes the command itself."""

    id: CommandId
    type: str
    fields: dict[str, Any]
    validated: bool = False
    """Whether `fields` are validated, or as the client sent them."""


class Unreadable(Exception):
    """A frame without a usable id. Nothing was done, and the error has `id: null`."""

    def __init__(self, reason: Exception) -> None:
        super().__init__()
        self.reason = reason


def parse_command(text: str | None, typed: CommandDecoder | None = None) -> ReceivedCommand:
    """Parse a command. The typed decoder also validates it, if it accepts it. `text` is None for a
    binary frame. Raises Unreadable."""
    try:
        if text is None:
            raise InvalidRequest(detail="Commands must be text frames. Send this one as text.")
        limit = get_limits().frame_bytes
        if len(text) * _MAX_BYTES_OF_A_CHARACTER > limit and len(text.encode()) > limit:
            raise PayloadTooLarge(f"A frame has at most {limit} bytes. Send less.")
        if typed is not None:
            try:
                command_id, kind, fields = typed.decode(text)
            except NotAccepted:
                pass  # the serializer says why
            else:
                return ReceivedCommand(id=command_id, type=kind, fields=fields, validated=True)
        frame = parse_json(text)
        if not isinstance(frame, dict):
            raise InvalidRequest(detail="A command must be a JSON object.")
        command_id = frame.pop("id", None)
        if not _is_usable_id(command_id):
            detail = "A command needs an id: an integer, or a string of at most 64 characters."
            raise InvalidRequest.of("id", detail)
    except Exception as reason:
        raise Unreadable(reason) from reason
    return ReceivedCommand(id=command_id, type=frame.pop("type", None), fields=frame)


def encode_reply(command_id: CommandId, data: dict[str, Any]) -> str:
    return render_json({"id": command_id, "type": "reply", "data": data}).decode()


def encode_error(command_id: CommandId | None, problem: Problem) -> str:
    """Return the error frame for a refused command, and count it."""
    REFUSALS.labels("socket", problem.code).inc()
    return render_json(problem.as_reply(command_id)).decode()


def _is_usable_id(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_ID_CHARACTERS and not has_surrogates(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_ID
