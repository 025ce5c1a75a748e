"""Real chat through real instances: everything arrives, once, in order, and at nobody else.

Logs of an IRC channel are replayed, every nick a person with a socket on one of the instances.
`make test` replays the beginning of each log, `REPLAY=full` all of it.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.acceptance import irc
from tests.acceptance.conftest import Instances
from tests.clients.client import Client
from tests.clients.rest import Data, http_client

LINES = None if os.environ.get("REPLAY") == "full" else 300
IN_FLIGHT = 64
CONNECTING = 16
POOLS = 8  # a pool of httpx goes through all of its connections for every request

Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print, whatever pytest captures."""

    def say(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="", flush=True)

    return say


@pytest.mark.parametrize("log", irc.load_logs(LINES), ids=lambda log: log.name)
async def test_replay_on_two_instances(two_instances: Instances, log: irc.Log, say: Say) -> None:
    """Two instances with Redis between them, on Firestore."""
    await replay(log, two_instances.urls, "two instances, Firestore", say)


@pytest.mark.parametrize("log", irc.load_logs(LINES), ids=lambda log: log.name)
async def test_replay_on_one_instance(one_instance: Instances, log: irc.Log, say: Say) -> None:
    """One instance on SQLite, without Redis."""
    await replay(log, one_instance.urls, "one instance, SQLite", say)


async def replay(log: irc.Log, urls: Sequence[str], where: str, say: Say) -> None:
    if not irc.DATA.is_dir():
        say(f"THERE ARE NO REAL LOGS in {irc.DATA}: what is replayed here is GENERATED.")
    how_much = "all" if LINES is None else f"the first {LINES} lines"
    say(
        f"{where}: {how_much} of {log.name}: {len(log.said)} messages, "
        f"{len(log.actions) - len(log.said)} joins and leaves, {len(log.nicks)} people"
    )
    async with channel(log, urls, "first") as first:
        await one_by_one(first)
        await first.settle()
        assert first.said == [(first.user_id(said.nick), said.text) for said in log.said]
        first.check()
        say(f"  each after the other: {first.figures()}")
    async with channel(log, urls, "second") as second:
        await many_at_once(second)
        await second.settle()
        for nick in log.nicks:
            mine = [text for sender, text in second.said if sender == second.user_id(nick)]
            assert mine == [said.text for said in log.said if said.nick == nick], nick
        assert len(second.said) == len(log.said)
        second.check()
        say(f"  {IN_FLIGHT} in flight:         {second.figures()}")


@dataclass(slots=True)
class Channel:
    """A group in which a log is replayed, with a socket for everybody."""

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
    history: list[Data] = field(default_factory=list)
    version: int = 0

    @property
    def founder(self) -> str:
        return f"{self.crowd}.founder"

    def user_id(self, nick: str) -> str:
        return f"{self.crowd}.{irc.user_id(nick)}"

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(message["sender_id"], message["text"]) for message in self.history]

    @property
    def clients(self) -> Sequence[Client]:
        return (*self.doors, *self.people.values())

    async def act(self, number: int, action: irc.Action) -> None:
        person = self.people[action.nick]
        founder = self.doors[number % len(self.doors)].rest
        match action:
            case irc.Said(text=text):
                at = time.perf_counter()
                send = person.send if number % 2 else person.rest.send
                message = await send(self.conversation_id, text, f"line-{number}")
                assert message["text"] == text
                self.sent_at[message["id"]] = at
            case irc.Joined():
                await founder.add(self.conversation_id, person.user_id)
            case irc.Left():
                await founder.remove(self.conversation_id, person.user_id)

    async def settle(self) -> None:
        """Wait until everybody has everything, and whatever else was written to a socket."""
        self.took = time.perf_counter() - self.began_at
        self.version = len(self.log.actions)  # one each
        inside = {self.founder, *map(self.user_id, self.log.present_at_the_end)}

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
        """Everybody got what was said between their joining and their leaving, and only that."""
        assert [message["seq"] for message in self.history] == [
            number for number, _ in enumerate(self.history, start=1)
        ]
        assert [violation for client in self.clients for violation in client.violations] == []
        assert [client.user_id for client in self.clients if client.holes] == []
        expected = self.stays()
        for client in self.clients:
            stays = client.stays(self.conversation_id)
            for stay, messages in zip(stays, expected.get(client.user_id, []), strict=True):
                got = [message.id for message in stay.messages]
                due = [message["id"] for message in messages if message["version"] > stay.above]
                if stay.cut_short:
                    # Only an instance that heard of a leave too late and read the state instead
                    # may do this (see the contract's stream rules); alone it hears of everything.
                    assert len(self.doors) > 1
                    due = due[: len(got)]
                assert got == due, client.user_id

    def stays(self) -> dict[str, list[list[Data]]]:
        """What each person must have got in each of their stays, by the versions of the changes.

        The versions at which people came and went are put together from all sockets: nothing
        is missing, as every version is either a message's or one of these.
        """
        comings = {
            version: change
            for client in self.clients
            for (conversation_id, version), change in client.people.items()
            if conversation_id == self.conversation_id
        }
        messages = {message["version"]: message for message in self.history}
        assert sorted([*comings, *messages]) == list(range(1, self.version + 1))
        present = [self.founder, *map(self.user_id, self.log.present)]
        stays: dict[str, list[list[Data]]] = {user_id: [[]] for user_id in present}
        inside = {user_id: own[-1] for user_id, own in stays.items()}
        for version in range(1, self.version + 1):
            if version in messages:
                for stay in inside.values():
                    stay.append(messages[version])
                continue
            kind, user_ids = comings[version]
            for user_id in user_ids:
                if kind == "participant.added":
                    stays.setdefault(user_id, []).append([])
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
            f"{len(self.history) / self.took:.0f} messages/s, "
            f"{len(delays)} deliveries, p50 {p50:.1f} ms, p99 {p99:.1f} ms, "
            f"{cut_short} leaves seen late"
        )


@asynccontextmanager
async def channel(log: irc.Log, urls: Sequence[str], crowd: str) -> AsyncIterator[Channel]:
    """Connect everybody, one half before the group is founded, and found it."""
    chat = Channel(log, crowd)
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


async def many_at_once(chat: Channel) -> None:
    """What one nick does stays in its order; nobody waits for anybody else."""
    latest: dict[str, asyncio.Task[None]] = {}
    places = asyncio.Semaphore(IN_FLIGHT)

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
