"""A group in which a log is replayed, with a socket for everybody on one of the instances."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from tests.acceptance import irc
from tests.clients.client import Client
from tests.clients.rest import Data, http_client

CONNECTING = 16
POOLS = 8  # a pool of httpx goes through all of its connections for every request


@dataclass(slots=True)
class Stay:
    """The time from somebody's joining to their leaving."""

    since: int
    """The version of the joining."""
    messages: list[Data] = field(default_factory=list)
    """The messages of this time."""


@dataclass(slots=True)
class Channel:
    log: irc.Log
    crowd: str
    """Whose nicks these are: another crowd are other people, new to the product."""
    doors: Sequence[Client] = ()
    """The founder of the group, who adds and removes the others, on each of the instances."""
    people: dict[str, Client] = field(default_factory=dict)
    """By nick."""
    conversation_id: str = ""
    sent_at: dict[str, float] = field(default_factory=dict)
    """When a message was handed over, by its id."""
    began_at: float = 0.0
    took: float = 0.0
    version: int = 0
    """How many changes were acknowledged: each has one version."""
    history: list[Data] = field(default_factory=list)
    """As the store has it in the end."""

    @property
    def founder(self) -> str:
        return f"{self.crowd}.founder"

    def user_id(self, nick: str) -> str:
        return f"{self.crowd}.{irc.user_id(nick)}"

    @property
    def clients(self) -> Sequence[Client]:
        return (*self.doors, *self.people.values())

    @property
    def inside(self) -> set[str]:
        """The user ids of the people who are in the conversation at the end."""
        return {self.founder, *map(self.user_id, self.log.present_at_the_end)}

    async def act(self, number: int, action: irc.Action) -> None:
        person = self.people[action.nick]
        founder = self.doors[number % len(self.doors)].rest
        match action:
            case irc.Said(text=text):
                await self.say(number, person, text)
            case irc.Joined():
                await founder.add(self.conversation_id, person.user_id)
                self.version += 1
            case irc.Left():
                await founder.remove(self.conversation_id, person.user_id)
                self.version += 1

    async def say(self, number: int, person: Client, text: str) -> Data:
        return await self.send(number, person, text)

    async def send(self, number: int, person: Client, text: str, **fields: object) -> Data:
        """By the socket and by REST in turn."""
        at = time.perf_counter()
        send = person.send if number % 2 else person.rest.send
        message = await send(self.conversation_id, text, f"line-{number}", **fields)
        assert message["text"] == text
        self.sent_at[message["id"]] = at
        self.version += 1
        return message

    async def settle(self) -> None:
        """Wait until everybody has everything, and whatever else was written to a socket."""
        self.took = time.perf_counter() - self.began_at
        inside = self.inside

        def has_all(client: Client) -> bool:
            if client.user_id in inside:
                return client.inside(self.conversation_id) and client.has_reached(
                    self.conversation_id, self.version
                )
            return not client.inside(self.conversation_id)

        async def finish(client: Client) -> None:
            await client.wait_until(lambda: has_all(client), f"version {self.version}")
            await client.command("ping")

        await asyncio.gather(*map(finish, self.clients))
        for door in self.doors:
            conversation = await door.rest.get_conversation(self.conversation_id)
            assert conversation["version"] == self.version
            assert {person["user_id"] for person in conversation["participants"]} == inside
        histories = [await door.rest.history(self.conversation_id) for door in self.doors]
        self.history = histories[0]
        assert all(history == self.history for history in histories)

    def check(self) -> None:
        """Everybody got what was said between their joining and their leaving, and only that; and
        what happened meanwhile to earlier messages."""
        assert [message["seq"] for message in self.history] == [
            number for number, _ in enumerate(self.history, start=1)
        ]
        assert [violation for client in self.clients for violation in client.violations] == []
        assert [client.user_id for client in self.clients if client.holes] == []
        created = {message["id"]: message["created_version"] for message in self.history}
        expected = self.stays()
        for client in self.clients:
            stays = client.stays(self.conversation_id)
            for stay, true in zip(stays, expected.get(client.user_id, []), strict=True):
                since = max(true.since, stay.above)
                arrived = sorted(stay.messages, key=lambda message: message.seq)
                got = [message.id for message in arrived if created[message.id] > since]
                due = [one["id"] for one in true.messages if one["created_version"] > since]
                if stay.cut_short:
                    # Only an instance that heard of a leave too late and read the state instead
                    # may do this (see the contract's stream rules); alone it hears of everything.
                    assert len(self.doors) > 1
                    due = due[: len(got)]
                assert got == due, client.user_id

    def stays(self) -> dict[str, list[Stay]]:
        """Each person's stays, by the versions of the changes.

        The versions at which people came and went are put together from all sockets.
        """
        comings = {
            version: change
            for client in self.clients
            for (conversation_id, version), change in client.people.items()
            if conversation_id == self.conversation_id
        }
        said = {message["created_version"]: message for message in self.history}
        moves = sum(not isinstance(action, irc.Said) for action in self.log.actions)
        assert len(comings) == moves
        assert len(said) == len(self.history)
        assert comings.keys().isdisjoint(said)
        present = [self.founder, *map(self.user_id, self.log.present)]
        stays = {user_id: [Stay(since=0)] for user_id in present}
        inside = {user_id: own[-1] for user_id, own in stays.items()}
        for version in sorted([*comings, *said]):
            if version in said:
                for stay in inside.values():
                    stay.messages.append(said[version])
                continue
            kind, user_ids = comings[version]
            for user_id in user_ids:
                if kind == "participant.added":
                    stays.setdefault(user_id, []).append(Stay(since=version))
                    inside[user_id] = stays[user_id][-1]
                else:
                    del inside[user_id]
        return stays

    def figures(self) -> str:
        delays = sorted(
            message.at - self.sent_at[message.id]
            for client in self.clients
            for stay in client.stays(self.conversation_id)
            for message in stay.messages
            if message.at is not None
        )
        p50, p99 = (delays[int(len(delays) * part)] * 1000 for part in (0.5, 0.99))
        cut_short = sum(
            stay.cut_short for client in self.clients for stay in client.stays(self.conversation_id)
        )
        return (
            f"{self.version} changes, {self.version / self.took:.0f}/s, "
            f"{len(delays)} messages delivered, p50 {p50:.1f} ms, p99 {p99:.1f} ms, "
            f"{cut_short} leaves seen late"
        )


AnyChannel = TypeVar("AnyChannel", bound=Channel)


@asynccontextmanager
async def opened(chat: AnyChannel, urls: Sequence[str]) -> AsyncIterator[AnyChannel]:
    """Connect everybody, one half before the group is founded, and found it."""
    log = chat.log
    async with AsyncExitStack() as stack:
        https = [
            [await stack.enter_async_context(http_client(url)) for _ in range(POOLS)]
            for url in urls
        ]
        places = asyncio.Semaphore(CONNECTING)

        async def connect(user_id: str, number: int) -> Client:
            async with places:
                here = number % len(urls)
                http = https[here][number // len(urls) % POOLS]
                return await stack.enter_async_context(Client(user_id, urls[here], http))

        async def connect_all(nicks: Sequence[str]) -> None:
            connecting = (connect(chat.user_id(nick), n) for n, nick in enumerate(nicks))
            chat.people.update(zip(nicks, await asyncio.gather(*connecting), strict=True))

        chat.doors = [await connect(chat.founder, number) for number in range(len(urls))]
        half = len(log.nicks) // 2
        await connect_all(log.nicks[:half])
        present = [chat.user_id(nick) for nick in log.present]
        founded = await chat.doors[0].rest.create_group(*present, title=log.name)
        chat.conversation_id = founded["id"]
        await connect_all(log.nicks[half:])
        loading = [client for client in chat.clients if client.user_id in {chat.founder, *present}]
        await asyncio.gather(*(client.wait_until_loaded(founded["id"]) for client in loading))
        chat.began_at = time.perf_counter()
        yield chat


async def one_by_one(chat: Channel) -> None:
    for number, action in enumerate(chat.log.actions):
        await chat.act(number, action)


async def many_at_once(chat: Channel, in_flight: int) -> None:
    """What one nick does stays in its order; nobody waits for anybody else."""
    latest: dict[str, asyncio.Task[None]] = {}
    places = asyncio.Semaphore(in_flight)

    async def act(number: int, action: irc.Action, before: asyncio.Task[None] | None) -> None:
        try:
            if before is not None:
                await before
            await chat.act(number, action)
        finally:
            places.release()

    async with asyncio.TaskGroup() as tasks:
        for number, action in enumerate(chat.log.actions):
            await places.acquire()
            task = tasks.create_task(act(number, action, latest.get(action.nick)))
            latest[action.nick] = task
