"""What the package shows equals the store, whatever breaks on the way."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest
from msgspec import convert
from msgspec.structs import asdict, replace

from chat_client import ChatClient, ChatError, ConnectionEvent, MessageEvent
from chat_client import Conversation as Face
from chat_client.models import Conversation, Message
from config.development.ports import free_port
from tests.clients.checking.wire import Line
from tests.clients.python.conftest import Place
from tests.clients.python.waiting import following
from tests.clients.rest import Refused, Rest, http_client, token_of
from tests.databases import migrate
from tests.servers.forked import forked_instance

Json = dict[str, Any]

_SECONDS = 30
_LATER = {"updated_at", "uncounted", "added", "last_message"}
"""Fields that no event brings, and the one that is compared by itself."""


@pytest.mark.chaos
async def test_a_killed_server_and_what_was_missed(
    environment: dict[str, str], tmp_path: Any
) -> None:
    """The client comes back to the next process, gets what was written meanwhile, and sends what
    was typed meanwhile, once."""
    port = free_port()
    database = f"sqlite:///{tmp_path / 'chat.sqlite3'}"
    own = {**environment, "DATABASE_URL": database}
    migrate(own)
    url = f"http://127.0.0.1:{port}"
    with forked_instance(port, environment=own) as first:
        ann = ChatClient(url, token_of("ann"))
        await ann.connect()
        await ann.live()
        group = await ann.create_conversation("bob", kind="group", title="Tea")
        events = ann.events(MessageEvent)
        await group.send("before")
        await following(events)
        states = ann.events(ConnectionEvent)
        first.send_signal(signal.SIGKILL)
    while (await following(states)).state != "waiting":
        pass
    sent = group.send("typed meanwhile")
    with forked_instance(port, environment=own):
        async with http_client(url) as http:
            path = f"/conversations/{group.id}/messages"
            await Rest(http, "bob").request("POST", path, {"text": "missed"})
            ann.hurry()
            await sent
            assert {(await following(events)).message.text for _ in range(2)} == {
                "missed",
                "typed meanwhile",
            }
            texts = [one["text"] for one in await Rest(http, "ann").history(group.id)]
            assert sorted(texts) == ["before", "missed", "typed meanwhile"]
        await ann.aclose()


class Story:
    """Random acts of two people and of the network."""

    def __init__(self, place: Place, ann: ChatClient, seed: int) -> None:
        self._place = place
        self._ann = ann
        self._random = random.Random(seed)
        self._groups: list[Face] = []
        self._waiting: list[asyncio.Future[Any]] = []
        self.typed: list[tuple[str, str]] = []
        """What ann sent, with the conversation."""

    async def play(self, acts: int) -> None:
        for _ in range(2):
            group = self._ann.conversation(await self._place.group())
            await group.open()
            self._groups.append(group)
        choices: Sequence[tuple[Callable[[Face], Awaitable[object]], int]] = [
            *((self._send, 6), (self._bob_sends, 6), (self._bob_changes, 5), (self._change, 5)),
            *((self._read, 2), (self._bob_leads, 2), (self._cut, 2), (self._spoil, 4)),
        ]
        doing, weights = zip(*choices, strict=True)
        for _ in range(acts):
            (act,) = self._random.choices(doing, weights)
            await act(self._random.choice(self._groups))
            await asyncio.sleep(self._random.choice([0, 0.02]))  # some frames come, or none
        self._place.wire.mend()
        for line in self._place.wire.lines:
            line.cut()
        self._ann.hurry()
        await asyncio.wait_for(asyncio.gather(*self._waiting, return_exceptions=True), _SECONDS)

    async def _send(self, group: Face) -> None:
        text = f"ann {uuid4()}"
        self.typed.append((group.id, text))
        self._waiting.append(group.send(text))

    async def _bob_sends(self, group: Face) -> None:
        mentions = self._random.choice([["ann"], []])
        await self._bob("POST", group, "messages", text=f"bob {uuid4()}", mentions=mentions)

    async def _bob_changes(self, group: Face) -> None:
        message = self._any_message(group)
        if message is None:
            return
        where = f"messages/{message.id}"
        match self._random.randrange(4):
            case 0:
                await self._bob("PATCH", group, where, text=f"edited {uuid4()}")
            case 1:
                await self._bob("DELETE", group, where)
            case 2:
                await self._bob("PUT", group, f"{where}/reactions/🎉")
            case _:
                await self._bob("POST", group, "read", seq=message.seq)

    async def _change(self, group: Face) -> None:
        message = self._any_message(group)
        if message is None:
            return
        act: Callable[[], Awaitable[object]] = self._random.choice(
            [
                lambda: group.edit(message.id, f"edited {uuid4()}"),
                lambda: group.delete(message.id),
                lambda: group.react(message.id, "🎉"),
                lambda: group.unreact(message.id, "🎉"),
                lambda: group.pin(message.id),
                lambda: group.mark_unread(message.seq),
                lambda: group.set_preferences(archived=self._random.random() < 0.5),
            ]
        )
        self._waiting.append(asyncio.ensure_future(_tried(act)))

    async def _read(self, group: Face) -> None:
        group.read()

    async def _bob_leads(self, group: Face) -> None:
        """Ann made the group: bob changes it as an admin."""
        path = f"/conversations/{group.id}"
        await self._place.ann.request("PATCH", path, {"title": f"Title {uuid4()}"})

    async def _cut(self, _: Face) -> None:
        line = self._place.wire.line
        if line is None:
            return
        states = self._ann.events(ConnectionEvent)
        line.cut()
        while (await following(states)).state != "waiting":
            pass
        self._ann.hurry()
        if self._random.random() < 0.8:  # otherwise some acts come before the next socket
            await self._ann.live()

    async def _spoil(self, _: Face) -> None:
        """From here on, some frames get lost, or arrive twice; or nothing is spoiled any more."""
        chance = random.Random(self._random.random())

        def spoil(_: Line, frame: Json) -> Sequence[Json]:
            if frame["type"] == "hello" or chance.random() < 0.7:
                return [frame]
            is_event = "version" in frame
            return [frame, frame] if is_event and chance.random() < 0.5 else []

        self._place.wire.mend()
        if self._random.random() < 0.7:
            self._place.wire.down.append(spoil)

    def _any_message(self, group: Face) -> Message | None:
        messages = group.snapshot.messages
        return self._random.choice(messages) if messages else None

    async def _bob(self, method: str, group: Face, path: str, **body: Any) -> None:
        try:
            await self._place.bob.request(method, f"/conversations/{group.id}/{path}", body or None)
        except Refused:
            return  # such as the edit of somebody else's message

    async def differences(self) -> list[str]:
        return [one for group in self._groups for one in await self._different(group)]

    async def _different(self, group: Face) -> list[str]:
        path = f"/conversations/{group.id}"
        true = convert(await self._place.ann.request("GET", path), Conversation)
        page = await self._place.ann.request("GET", f"{path}/messages", limit=100)
        shown = group.snapshot
        if shown.conversation is None:
            return ["The conversation is not shown."]
        fields, of_store = asdict(shown.conversation), asdict(true)
        found = [
            f"{name}: {fields[name]} is shown, the store has {of_store[name]}"
            for name in fields.keys() - _LATER
            if fields[name] != of_store[name]
        ]
        messages = [_comparable(one) for one in convert(page["items"], list[Message])]
        ours = [_comparable(one) for one in shown.messages][-len(messages) :]
        if len(ours) != len(messages):
            return [*found, f"{len(ours)} messages are shown, the store has {len(messages)}."]
        pairs = zip(ours, messages, strict=True)
        found += [f"{one} is shown, not {two}" for one, two in pairs if one != two]
        receipts = await self._place.ann.request("GET", f"{path}/receipts")
        for one in receipts["items"]:
            position = shown.receipts.get(one["user_id"])
            if one["user_id"] != "ann" and (position is None or position[0] != one["read_seq"]):
                found.append(f"{one} is shown as {position}.")
        return found


def _comparable(message: Message) -> Message:
    return replace(message, my_reactions=sorted(message.my_reactions or ()))


async def _tried(act: Callable[[], Awaitable[object]]) -> None:
    try:
        await act()
    except ChatError:
        return  # such as the edit of a message that was deleted meanwhile


async def _plays(place: Place, seed: int, acts: int) -> None:
    ann = await place.connected()
    story = Story(place, ann, seed)
    await story.play(acts)
    found: list[str] = ["Nothing was compared."]
    try:
        async with asyncio.timeout(_SECONDS):
            while found or ann.pending:
                await asyncio.sleep(0.05)
                found = await story.differences()
    except TimeoutError:
        pytest.fail("\n".join([f"Seed {seed}:", *found[:5]]))
    for group, text in story.typed:
        stored = [one["client_id"] for one in await place.ann.history(group)]
        assert len(set(filter(None, stored))) == len([*filter(None, stored)]), text
    await ann.aclose()


@pytest.mark.parametrize("seed", range(3))
async def test_the_state_equals_the_store(place: Place, seed: int) -> None:
    await _plays(place, seed, 40)


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
async def test_the_state_always_equals_the_store(place: Place) -> None:
    for seed in range(100, 160):
        await _plays(place, seed, 120)
