"""Sends, receipts, typing and groups, as fast as they go."""

import json
from itertools import count

from messaging.domain.identifiers import random_id
from tests.abuse.attack import Attacker, Standing, attack
from tests.abuse.socket import command

_LIMITED = ("429 rate_limited", "503 store_unavailable")
_VIOLATED = ("error rate_limited", "close 4505")
_LANES = 20


@attack(Standing.ACCOUNT, *_VIOLATED, patience=4, lawful=150)
async def sends_by_socket(attacker: Attacker) -> None:
    """message.send without a pause."""
    async with attacker.listening() as opened:
        for number in count():
            fields = {"text": "spam", "client_id": f"{id(opened)}-{number}"}
            await opened.write(
                command("message.send", number, conversation_id=attacker.group, **fields)
            )
            attacker.tally.sent += 1


@attack(Standing.ACCOUNT, *_LIMITED, at_once=_LANES, patience=4, lawful=150)
async def sends_by_rest(attacker: Attacker) -> None:
    """POST messages from twenty connections."""
    path = f"/api/v1/conversations/{attacker.group}/messages"
    await attacker.repeat(attacker.request("POST", path, b'{"text": "spam"}'))


@attack(Standing.ACCOUNT, *_VIOLATED, at_once=4, patience=4, lawful=150)
async def large_sends(attacker: Attacker) -> None:
    """message.send of 10 KB without a pause, on four sockets."""
    async with attacker.listening() as opened:
        for number in count():
            fields = {"text": "x" * 9_900, "client_id": f"{id(opened)}-{number}"}
            await opened.write(
                command("message.send", number, conversation_id=attacker.group, **fields)
            )
            attacker.tally.sent += 1


@attack(Standing.ACCOUNT, *_VIOLATED)
async def typing(attacker: Attacker) -> None:
    """typing.start and typing.stop without a pause."""
    both = b"".join(
        command(kind, conversation_id=attacker.group) for kind in ("typing.start", "typing.stop")
    )
    await attacker.flood(both * 100, 200)


@attack(Standing.ACCOUNT, *_VIOLATED)
async def receipts_of_nonsense(attacker: Attacker) -> None:
    """receipt.delivered of conversations that one is not in, and of messages that are not."""
    async with attacker.listening() as opened:
        while True:
            await opened.write(
                b"".join(
                    command("receipt.delivered", conversation_id=named, seq=seq)
                    for named, seq in ((random_id(), 1), (attacker.group, 2**31))
                )
            )
            attacker.tally.sent += 2


@attack(Standing.ACCOUNT, *_VIOLATED)
async def reads_without_a_pause(attacker: Attacker) -> None:
    """receipt.read without a pause: refused ones are harmless, and are not counted."""
    await attacker.flood(command("receipt.read", conversation_id=attacker.group, seq=1) * 100, 100)


@attack(Standing.ACCOUNT, *_VIOLATED)
async def pings_as_commands(attacker: Attacker) -> None:
    """The command `ping`, which is the cheapest, without a pause."""
    await attacker.flood(command("ping") * 1_000, 1_000)


@attack(Standing.ACCOUNT, *_VIOLATED)
async def activity(attacker: Attacker) -> None:
    """The command `activity`, on and off without a pause."""
    both = command("activity", active=True) + command("activity", active=False)
    await attacker.flood(both * 100, 200)


@attack(Standing.ACCOUNT, *_LIMITED, "400 too_many", at_once=4)
async def groups_of_many(attacker: Attacker) -> None:
    """Groups of 990 invented people and one bystander, without a pause."""
    async with await attacker.line() as connection:
        for number in count():
            people = [f"invented-{number}-{one}" for one in range(990)]
            body = {"kind": "group", "participant_ids": ["bystander-0", *people], "title": "Spam"}
            await attacker.ask(
                connection,
                attacker.request("POST", "/api/v1/conversations", json.dumps(body).encode()),
            )
