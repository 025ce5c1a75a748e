"""Requests and commands full of mistakes, each of which somebody has to find and describe."""

from tests.abuse.attack import Attacker, Standing, attack
from tests.abuse.socket import TEXT, command, frame

_INVALID = ("400 invalid_request", "400 invalid_json", "413 payload_too_large", "429 rate_limited")
_VIOLATED = ("close 4505",)
_ONES = b"1," * 31_000 + b"1"
_LANES = 4


@attack(Standing.ACCOUNT, *_INVALID, at_once=_LANES)
async def a_list_of_mistakes(attacker: Attacker) -> None:
    """POST /conversations with 64 KiB of participants that are numbers."""
    body = b'{"kind": "group", "participant_ids": [' + _ONES + b"]}"
    await attacker.repeat(attacker.request("POST", "/api/v1/conversations", body))


@attack(Standing.ACCOUNT, *_INVALID, at_once=_LANES)
async def a_list_of_mistaken_additions(attacker: Attacker) -> None:
    """The same, to add people."""
    path = f"/api/v1/conversations/{attacker.group}/participants"
    await attacker.repeat(attacker.request("POST", path, b'{"user_ids": [' + _ONES + b"]}"))


@attack(Standing.ACCOUNT, *_INVALID, at_once=_LANES)
async def a_list_of_mistaken_mentions(attacker: Attacker) -> None:
    """The same, as the mentions of a message."""
    path = f"/api/v1/conversations/{attacker.group}/messages"
    body = b'{"text": "hello", "mentions": [' + _ONES + b"]}"
    await attacker.repeat(attacker.request("POST", path, body))


@attack(Standing.ACCOUNT, *_INVALID, at_once=_LANES)
async def unknown_fields(attacker: Attacker) -> None:
    """Five thousand fields that nothing knows."""
    path = f"/api/v1/conversations/{attacker.group}/messages"
    body = b"{" + b",".join(b'"f%d": 1' % number for number in range(5_000)) + b"}"
    await attacker.repeat(attacker.request("POST", path, body))


@attack(Standing.ACCOUNT, *_INVALID, at_once=_LANES)
async def json_without_end(attacker: Attacker) -> None:
    """Thirty thousand brackets, and no JSON."""
    path = f"/api/v1/conversations/{attacker.group}/messages"
    await attacker.repeat(attacker.request("POST", path, b"[" * 30_000))


@attack(Standing.ACCOUNT, *_INVALID, at_once=_LANES)
async def a_long_query(attacker: Attacker) -> None:
    """GET /presence with as many invalid user ids as the head of a request takes."""
    users = "&user_ids=" * 1_500
    await attacker.repeat(attacker.request("GET", f"/api/v1/presence?user_ids=*{users}"))


@attack(Standing.ACCOUNT, *_VIOLATED)
async def unreadable_frames(attacker: Attacker) -> None:
    """Frames that are no JSON."""
    await attacker.flood(frame(TEXT, b"{") * 500, 500)


@attack(Standing.ACCOUNT, *_VIOLATED)
async def unknown_commands(attacker: Attacker) -> None:
    """Commands that do not exist."""
    await attacker.flood(command("drop.table") * 500, 500)


@attack(Standing.ACCOUNT, *_VIOLATED)
async def a_frame_of_mistakes(attacker: Attacker) -> None:
    """presence.watch with 60 KiB of people that are numbers."""
    words = b'{"id": 1, "type": "presence.watch", "user_ids": [' + _ONES + b"]}"
    await attacker.flood(frame(TEXT, words), 1)


@attack(Standing.ACCOUNT, *_VIOLATED)
async def a_sync_of_mistakes(attacker: Attacker) -> None:
    """conversation.sync with 60 KiB of conversations that cannot be."""
    named = ",".join(f'"{number}": "x"' for number in range(4_500))
    words = f'{{"id": 1, "type": "conversation.sync", "conversations": {{{named}}}}}'
    await attacker.flood(frame(TEXT, words.encode()), 1)


@attack(Standing.ACCOUNT, *_VIOLATED)
async def a_refresh_of_nonsense(attacker: Attacker) -> None:
    """auth.refresh with tokens that nobody signed."""
    await attacker.flood(command("auth.refresh", token="nonsense.nonsense") * 100, 100)


@attack(Standing.ACCOUNT, *_VIOLATED)
async def frames_of_unknown_fields(attacker: Attacker) -> None:
    """message.send with four thousand fields that nothing knows."""
    fields = ",".join(f'"f{number}": 1' for number in range(4_000))
    words = f'{{"id": 1, "type": "message.send", {fields}}}'
    await attacker.flood(frame(TEXT, words.encode()), 1)


@attack(Standing.ACCOUNT, "close 1009", "gone", *_VIOLATED)
async def frames_beyond_the_limit(attacker: Attacker) -> None:
    """A frame of 20 MB."""
    await attacker.flood(frame(TEXT, b"x" * 20 * 2**20), 1)
