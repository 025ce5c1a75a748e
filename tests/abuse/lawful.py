"""An account at its lawful maximum: what twenty accounts that attack are compared with."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

from tests.abuse.attack import Attacker
from tests.abuse.line import Gone
from tests.abuse.socket import Socket, command

_SENDS_PER_SECOND = 10
_READS_PER_SECOND = 20
_REQUESTS_PER_SECOND = 5
_TYPING_SECONDS = 3.0


async def live_lawfully(attacker: Attacker) -> None:
    """Send, mark as read, type and request at exactly the documented rates."""
    async with attacker.socket() as opened, asyncio.TaskGroup() as ways:
        numbers = count(2)

        async def say(kind: str, **fields: object) -> None:
            number = next(numbers)
            await opened.write(command(kind, number, conversation_id=attacker.group, **fields))
            attacker.tally.sent += 1

        ways.create_task(_read(attacker, opened))
        ways.create_task(
            _every(
                1 / _SENDS_PER_SECOND,
                lambda n: say("message.send", text="hello", client_id=f"lawful-{n}"),
            )
        )
        ways.create_task(_every(1 / _READS_PER_SECOND, lambda n: say("receipt.read", seq=1)))
        ways.create_task(_every(_TYPING_SECONDS, lambda n: say("typing.start")))
        ways.create_task(_request(attacker))


async def _request(attacker: Attacker) -> None:
    paths = ("/api/v1/me", "/api/v1/conversations", f"/api/v1/conversations/{attacker.group}")

    async with await attacker.line() as line:

        async def ask(number: int) -> None:
            await attacker.ask(line, attacker.request("GET", paths[number % len(paths)]))

        await _every(1 / _REQUESTS_PER_SECOND, ask)


async def _every(seconds: float, act: Callable[[int], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for number in count():
        await asyncio.sleep(begun + number * seconds - loop.time())
        await act(number)


async def _read(attacker: Attacker, opened: Socket) -> None:
    while True:
        outcome = await opened.outcome()
        attacker.tally.note(outcome, sent=0)
        if outcome.startswith("close"):
            raise Gone(outcome)
