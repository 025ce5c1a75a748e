"""People chat while the store of their instances is set back to a backup."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any
from uuid import uuid4

import httpx
from websockets.exceptions import ConnectionClosed

from tests.chaos.backups import Backup, backup_of
from tests.chaos.cluster import Balancer, Cluster
from tests.chaos.stubborn import StubbornClient
from tests.clients.rest import Data, Refused, Rest
from tests.releases import PRESENT

_FAILURES = (Refused, TimeoutError, ConnectionClosed, OSError, AssertionError, httpx.HTTPError)
_LEARN_SECONDS = 90.0
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    people: int = 4
    rooms: int = 2
    pause: float = 0.25
    """Seconds between two messages of a person, on average."""
    before: float = 1.0
    """Seconds of chat that the backup has."""
    lost: float = 1.0
    """Seconds of chat that the restore forgets."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    problems: list[str] = field(default_factory=list)
    noticed: float = 0.0
    """Seconds from the end of the restore until everybody had been sent into the new epoch."""
    shown: float = 0.0
    """Seconds until everybody shows the store, from the reconnect of the last."""
    messages: int = 0
    repaired: int = 0
    """Read positions that were beyond the last message."""


async def patiently(ask: Callable[[], Awaitable[Any]]) -> Any:
    """What is answered once the store is there: what was read across a restore is refused."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return await ask()
        except (Refused, httpx.HTTPError) as error:
            refused = isinstance(error, Refused) and error.status < 500
            if refused or time.monotonic() > end:
                raise
        await asyncio.sleep(0.2)


class Restoring:
    """A crowd of one test."""

    def __init__(self, cluster: Cluster, plan: Plan, chance: random.Random) -> None:
        self._cluster = cluster
        self._plan = plan
        self._chance = chance
        self._balancer = Balancer(cluster.instances, chance)
        name = uuid4().hex[:6]
        self._people = [f"{name}.{number}" for number in range(plan.people)]
        self._clients = [StubbornClient(one, self._balancer, chance) for one in self._people]
        self._rests = {one: Rest(self._balancer, one) for one in self._people}
        self._rooms: list[str] = []
        self._numbers = count(1)

    async def play(self, *, stopped: bool) -> Outcome:
        outcome = Outcome()
        backup = backup_of(self._cluster)
        async with AsyncExitStack() as exit_:
            exit_.push_async_callback(self._balancer.aclose)
            for number in range(self._plan.rooms):
                owner, *others = self._people
                found = partial(self._rests[owner].create_group, *others, title=f"Room {number}")
                room = await patiently(found)
                self._rooms.append(room["id"])
            for client in self._clients:
                await exit_.enter_async_context(client)
            chatting = [asyncio.create_task(self._chat(client)) for client in self._clients]
            try:
                await asyncio.sleep(self._plan.before)
                await backup.make()
                old = {client.epoch for client in self._clients}
                owner, *others = self._people
                found = partial(self._rests[owner].create_group, *others, title="Lost")
                lost = await patiently(found)
                await asyncio.sleep(self._plan.lost)
                if stopped:
                    await asyncio.gather(*(one.terminate() for one in self._cluster.instances))
                    await backup.restore()
                    await self._new_epoch()
                    restored_at = time.monotonic()
                    await asyncio.gather(*(one.start() for one in self._cluster.instances))
                else:
                    await self._under(backup)
                    restored_at = time.monotonic()
                await self._all_in_a_new_epoch(old, outcome)
                outcome.noticed = time.monotonic() - restored_at
                await asyncio.sleep(1)
            finally:
                for task in chatting:
                    task.cancel()
                await asyncio.gather(*chatting, return_exceptions=True)
            await self._compare(outcome, lost["id"])
            await self._go_on(outcome)
        await self._verify(outcome)
        for client in self._clients:
            outcome.problems += [str(violation) for violation in client.violations]
        return outcome

    async def _under(self, backup: Backup) -> None:
        """Restore under running instances. They are cut off from Firestore meanwhile: its restore
        is no transaction, and would keep what is written in the middle."""
        cluster = self._cluster
        cut_off = [] if cluster.sqlite or cluster.postgres else cluster.instances
        for one in cut_off:
            one.store.cut()
        await backup.restore()
        for one in cut_off:
            one.store.mend()

    async def _verify(self, outcome: Outcome) -> None:
        """As docs/restore.md says. Whoever was just reading while the store was set back may have
        read further than the store has: that is mended, and nothing else may have to be."""
        right, words = await self._cluster.verify(repair=True)
        drifted = [line for line in words.splitlines() if ": " in line and "(repaired)" in line]
        outcome.repaired = len(drifted)
        outcome.problems += [line for line in drifted if "would not count as unread" not in line]
        if not right:
            outcome.problems.append(f"what is stored has drifted: {words.strip()}")

    async def _chat(self, client: StubbornClient) -> None:
        while True:
            await asyncio.sleep(self._plan.pause * self._chance.uniform(0.5, 1.5))
            room = self._chance.choice(self._rooms)
            if not client.connected or not client.inside(room):
                continue
            number = next(self._numbers)
            with suppress(*_FAILURES):
                message = await client.send(room, f"number {number}", f"chat-{number}")
                await client.command("receipt.read", conversation_id=room, seq=message["seq"])

    async def _new_epoch(self) -> None:
        await asyncio.to_thread(PRESENT.manage, self._cluster.environment, "new_epoch")

    async def _all_in_a_new_epoch(self, old: set[str | None], outcome: Outcome) -> None:
        """Everybody is connected, in one and the same epoch that nobody knew before."""
        end = time.monotonic() + _LEARN_SECONDS
        while time.monotonic() < end:
            epochs = {client.epoch for client in self._clients}
            connected = all(client.connected for client in self._clients)
            if connected and len(epochs) == 1 and not epochs & old:
                return
            await asyncio.sleep(0.05)
        outcome.problems.append(f"epochs {[client.epoch for client in self._clients]} after {old}")

    async def _compare(self, outcome: Outcome, lost: str) -> None:
        """Everybody shows exactly what is stored, and no number is without a message."""
        begun = time.monotonic()
        stored: dict[str, Data] = {}
        histories: dict[str, Sequence[Data]] = {}
        await self._read_rooms(outcome, stored, histories, begun)
        await self._is_gone(outcome, lost)
        while time.monotonic() < begun + _LEARN_SECONDS:
            wrong = [
                problem
                for client in self._clients
                for problem in self._differences(client, stored, histories)
            ]
            if not wrong:
                break
            await asyncio.sleep(0.05)
            if self._anybody_is_ahead(stored):  # a commit whose request was given up came later
                await self._read_rooms(outcome, stored, histories, begun)
        outcome.shown = time.monotonic() - begun
        outcome.problems += wrong

    def _anybody_is_ahead(self, stored: dict[str, Data]) -> bool:
        return any(
            (client.conversations[room].cursor or 0) > conversation["version"]
            for client in self._clients
            for room, conversation in stored.items()
            if client.inside(room)
        )

    async def _read_rooms(
        self,
        outcome: Outcome,
        stored: dict[str, Data],
        histories: dict[str, Sequence[Data]],
        begun: float,
    ) -> None:
        owner = self._rests[self._people[0]]
        outcome.messages = 0
        for room in self._rooms:
            while True:  # what was sent last may be on its way
                histories[room] = await patiently(partial(owner.history, room))
                stored[room] = await patiently(partial(owner.get_conversation, room))
                if len(histories[room]) == stored[room]["seq"]:
                    break
                if time.monotonic() > begun + _PATIENCE_SECONDS:
                    break
            numbers = [message["seq"] for message in histories[room]]
            if numbers != list(range(1, stored[room]["seq"] + 1)):
                outcome.problems.append(f"{room}: {stored[room]['seq']} messages are {numbers}")
            outcome.messages += len(numbers)

    async def _is_gone(self, outcome: Outcome, lost: str) -> None:
        try:
            await patiently(partial(self._rests[self._people[0]].get_conversation, lost))
        except Refused as refused:
            if refused.code != "conversation_not_found":
                outcome.problems.append(f"{lost}: {refused}")
        else:
            outcome.problems.append("the conversation founded after the backup is there")

    def _differences(
        self,
        client: StubbornClient,
        stored: dict[str, Data],
        histories: dict[str, Sequence[Data]],
    ) -> list[str]:
        who = client.user_id
        inside = {id_ for id_ in client.conversations if client.inside(id_)}
        if inside != stored.keys():
            return [f"{who} is in {sorted(inside)}, and not in {sorted(stored)}"]
        found = []
        for room, conversation in stored.items():
            known = client.conversations[room]
            if known.cursor != conversation["version"]:
                found.append(f"{who} is {client.place(room)}, not {conversation['version']}")
                continue
            shown = {
                id_: (one["seq"], one["version"], one["text"])
                for id_, one in known.messages.items()
                if one["seq"] > known.floor_seq
            }
            true = {
                one["id"]: (one["seq"], one["version"], one["text"])
                for one in histories[room]
                if one["seq"] > known.floor_seq
            }
            if shown != true:
                found.append(f"{who} shows in {room} {shown}, and not {true}")
        return found

    async def _go_on(self, outcome: Outcome) -> None:
        """Numbers go on from the store, and everybody hears of what is said."""
        for room in self._rooms:
            first, last = self._rests[self._people[0]], self._rests[self._people[-1]]
            before = await patiently(partial(first.get_conversation, room))
            sent = await patiently(partial(last.send, room, "after all", f"after-{room}"))
            if sent["seq"] != before["seq"] + 1:
                outcome.problems.append(f"{room}: number {sent['seq']} after {before['seq']}")
            for client in self._clients:
                try:
                    await client.wait_until(
                        partial(client.has_reached, room, sent["version"]),
                        "what was said after the restore",
                    )
                except AssertionError as error:
                    outcome.problems.append(str(error))
