"""The process that attacks: `python -m tests.abuse.attacker`, see `benchmarks.children`."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.abuse.attack import Attack, Attacker, all_attacks
from tests.abuse.lawful import live_lawfully
from tests.abuse.line import Gone, Line, request
from tests.abuse.tally import Tally
from tests.clients.rest import token_of

_NICENESS = 10
"""Bystanders and stores come first: their delays would be taken for the server's."""
_AGAIN_SECONDS = 0.002
_LOOK_SECONDS = 0.05
_LONGEST_SECONDS = 30.0
"""Of a machine that is busy with other things."""

_attackers: list[Attacker] = []


async def prepare(port: int, addresses: list[str], accounts: list[str]) -> dict[str, Any]:
    """Become these accounts, each with a group of its own; a stranger where there are none."""
    _attackers.clear()
    if not accounts:
        _attackers.append(Attacker(port=port, address=addresses[0]))
        return {}
    for number, user_id in enumerate(accounts):
        token = token_of(user_id)
        address = addresses[number % len(addresses)]
        body = json.dumps({"kind": "group", "participant_ids": ["nobody"], "title": "Loud"})
        async with await Line.open(port, address) as line:
            await line.write(
                request("POST", "/api/v1/conversations", token=token, body=body.encode())
            )
            head = await line.reader.readuntil(b"\r\n\r\n")
            assert b" 201 " in head.split(b"\r\n")[0], head
            size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            group = json.loads(await line.reader.readexactly(size))["id"]
        _attackers.append(
            Attacker(port=port, address=address, user_id=user_id, token=token, group=group)
        )
    return {}


async def attack(name: str, seconds: float, patient: bool) -> dict[str, Any]:
    """Make this attack for so long, and until something was sent and, where it is `patient`,
    refused; the answer is its tally."""
    chosen = all_attacks()[name]
    tally = _new_tally()
    works = [_over_and_over(chosen, one) for one in _attackers for _ in range(chosen.at_once)]
    async with _under_way(works):
        await asyncio.sleep(seconds)
        waited = 0.0
        while waited < (chosen.patience if tally.sent else _LONGEST_SECONDS):
            if tally.sent and (not patient or chosen.was_refused(tally)):
                break
            await asyncio.sleep(_LOOK_SECONDS)
            waited += _LOOK_SECONDS
    return tally.as_figures()


async def lawful(seconds: float) -> dict[str, Any]:
    """Do as much as the documented limits allow, by all accounts."""
    tally = _new_tally()
    async with _under_way([live_lawfully(one) for one in _attackers]):
        await asyncio.sleep(seconds)
    return tally.as_figures()


def _new_tally() -> Tally:
    tally = Tally()
    for one in _attackers:
        one.tally = tally
    return tally


@asynccontextmanager
async def _under_way(works: Sequence[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """These works beside the context. Raises what one of them has ended with."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        ended = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in ended:
        task.result()


async def _over_and_over(chosen: Attack, attacker: Attacker) -> None:
    while True:
        try:
            await chosen.once(attacker)
        except Gone as gone:
            words = str(gone)
            known = words.startswith(("close ", "error ")) or words.isdigit()
            attacker.tally.note(words if known else "gone", sent=0)
        await asyncio.sleep(_AGAIN_SECONDS)


_WORK: Mapping[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    work.__name__: work for work in (prepare, attack, lawful)
}


async def main() -> None:
    with suppress(OSError):
        os.nice(_NICENESS)
    while words := await asyncio.to_thread(sys.stdin.readline):
        work, arguments = json.loads(words)
        print(json.dumps(await _WORK[work](**arguments)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
