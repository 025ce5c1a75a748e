"""One's own lists, again and again: they are the dearest things that one may ask for."""

import asyncio
import json
from itertools import count

from messaging.domain.identifiers import random_id
from tests.abuse.attack import SERVED, Attacker, Standing, attack
from tests.abuse.socket import command

_LIMITED = ("429 rate_limited", "503 store_unavailable")
_VIOLATED = ("error rate_limited", "close 4505")
_LANES = 20


@attack(Standing.ACCOUNT, *_LIMITED, at_once=_LANES, patience=4, lawful=400)
async def own_profile(attacker: Attacker) -> None:
    """GET /me from twenty connections."""
    await attacker.repeat(attacker.request("GET", "/api/v1/me"))


@attack(Standing.ACCOUNT, *_LIMITED, at_once=_LANES, patience=4, lawful=400)
async def own_conversations(attacker: Attacker) -> None:
    """GET /conversations from twenty connections."""
    await attacker.repeat(attacker.request("GET", "/api/v1/conversations?limit=100"))


@attack(Standing.ACCOUNT, *_LIMITED, at_once=_LANES, patience=4, lawful=400)
async def presence_of_many(attacker: Attacker) -> None:
    """GET /presence of 300 people."""
    users = ",".join(f"user-{number}" for number in range(300))
    await attacker.repeat(attacker.request("GET", f"/api/v1/presence?user_ids={users}"))


@attack(Standing.ACCOUNT, *_LIMITED, at_once=_LANES, patience=4, lawful=400)
async def history(attacker: Attacker) -> None:
    """GET messages and changes of one's own group."""
    path = f"/api/v1/conversations/{attacker.group}"
    async with await attacker.line() as connection:
        while True:
            for one in ("messages?limit=100", "changes?since=0", "receipts"):
                await attacker.ask(connection, attacker.request("GET", f"{path}/{one}"))


@attack(Standing.ACCOUNT, SERVED, at_once=_LANES)
async def answers_that_are_not_read(attacker: Attacker) -> None:
    """Pages of one's own long messages, on a new connection each, of which nothing is read."""
    path = f"/api/v1/conversations/{attacker.group}/messages"
    body = json.dumps({"text": "語" * 10_000, "client_id": str(attacker.tally.sent)}).encode()
    async with await attacker.line() as connection:
        await attacker.ask(connection, attacker.request("POST", path, body))
    unread = [await attacker.line() for _ in range(5)]
    try:
        for one in unread:
            one.writer.transport.pause_reading()  # type: ignore[attr-defined]
            await one.write(attacker.request("GET", f"{path}?limit=100"))
            attacker.tally.sent += 1
        await asyncio.sleep(2)
    finally:
        for one in unread:
            one.writer.transport.abort()


@attack(Standing.ACCOUNT, *_VIOLATED, at_once=2, patience=4, lawful=400)
async def presence_watch_churn(attacker: Attacker) -> None:
    """presence.watch of other people each time."""
    async with attacker.listening() as opened:
        for number in count():
            users = [f"user-{number}-{one}" for one in range(300)]
            await opened.write(command("presence.watch", number, user_ids=users))
            attacker.tally.sent += 1


@attack(Standing.ACCOUNT, *_VIOLATED, at_once=2, patience=4, lawful=400)
async def syncs_of_a_hundred(attacker: Attacker) -> None:
    """conversation.sync of one's own group and 99 others, again and again."""
    conversations = {attacker.group: 0} | {random_id(): 0 for _ in range(99)}
    await attacker.flood(command("conversation.sync", conversations=conversations) * 10, 10)


@attack(Standing.ACCOUNT, *_VIOLATED, at_once=2, patience=4, lawful=400)
async def syncs_of_receipts(attacker: Attacker) -> None:
    """receipts.sync from the beginning, again and again."""
    sync = command("receipts.sync", since="1970-01-01T00:00:00.000Z")
    await attacker.flood(sync * 10, 10)


@attack(Standing.ACCOUNT, *_LIMITED, "404 conversation_not_found", at_once=_LANES)
async def guessed_conversations(attacker: Attacker) -> None:
    """Conversations and messages that one only guesses at."""
    async with await attacker.line() as connection:
        while True:
            path = f"/api/v1/conversations/{random_id()}"
            await attacker.ask(connection, attacker.request("GET", path))
            await attacker.ask(
                connection,
                attacker.request("PATCH", f"{path}/messages/{random_id()}", b'{"text": "x"}'),
            )
