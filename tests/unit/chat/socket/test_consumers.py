"""The consumer by itself: its heartbeat, its end, and what it leaves behind."""

import asyncio
import gc
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog

from chat.authentication import Identity
from chat.authentication.development import DevelopmentAuthenticator
from chat.exceptions import TokenExpired
from chat.socket import commands, consumers, outbox, waiting_frames
from chat.socket.close_codes import CloseCode, close_message
from chat.socket.frames import encode_reply
from chat.state import ApplicationState
from messaging.delivery.hub.connections import Connection, Ending
from messaging.domain.exceptions import StoreUnavailable, TokenRevoked
from messaging.domain.identifiers import random_id
from messaging.runtime.instance import Instance
from messaging.services import sessions, sync
from messaging.wire.events import EventEncoder, EventType
from tests.moments import lapse
from tests.unit.chat.wire import PATIENCE, Wire

PLACES = 16
"""For those who connect, and as many for those who sync."""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> float:
    """A heartbeat every 300 ms."""
    monkeypatch.setattr(sessions, "HEARTBEAT_SECONDS", 0.3)
    return 0.3


# Heartbeat


async def test_a_silent_client_is_closed(
    instance: Instance, wire: Callable[..., Wire], quick: float
) -> None:
    """4003 after three heartbeats without a frame from it, however many it was sent."""
    begun = asyncio.get_running_loop().time()
    socket = wire()
    assert (await socket.opened())["data"]["heartbeat_seconds"] == quick

    assert (await socket.frame())["type"] == "heartbeat"
    with structlog.testing.capture_logs() as lines:
        assert await socket.close_code() == 4003
    assert [line["code"] for line in lines if line["event"] == "session.closed"] == [4003]
    assert len(instance.hub.connections) == 0

    assert 3 * quick <= asyncio.get_running_loop().time() - begun + 0.02 < 10 * quick


async def test_silence_counts_from_the_last_frame(wire: Callable[..., Wire], quick: float) -> None:
    """And not from the heartbeat after it."""
    socket = wire()
    await socket.opened()
    loop = asyncio.get_running_loop()
    await lapse(1.1 * quick)
    socket.give("websocket.receive", text='{"id": 1, "type": "ping"}')
    spoken_at = loop.time()

    assert await socket.close_code() == 4003
    assert 3 * quick <= loop.time() - spoken_at + 0.02 < 3.9 * quick  # a tick would be 4


async def test_a_hidden_tab_stays(wire: Callable[..., Wire], quick: float) -> None:
    """Its timers fire once a minute: after 2.4 heartbeats."""
    socket = wire()
    await socket.opened()
    for number in range(3):
        await lapse(2.4 * quick)
        socket.give("websocket.receive", text=f'{{"id": {number}, "type": "ping"}}')
        while (await socket.frame()).get("id") != number:
            pass

    assert not socket.task.done()


@pytest.mark.parametrize("text", ['{"id": 1, "type": "ping"}', "{", None])
async def test_any_frame_keeps_it_open(
    wire: Callable[..., Wire], quick: float, text: str | None
) -> None:
    """A ping is enough, and so is one that cannot be read."""
    socket = wire()
    await socket.opened()
    beats = 0
    while beats < 6:
        beats += (await socket.frame())["type"] == "heartbeat"
        socket.give("websocket.receive", text=text)

    assert not socket.task.done()


# Refusals at the door


@pytest.mark.parametrize(
    ("refusal", "code"),
    [(TokenExpired(), 4502), (TokenRevoked(), 4503), (StoreUnavailable(), 1013)],
)
async def test_why_it_was_closed(
    wire: Callable[..., Wire], instance: Instance, refusal: Exception, code: int
) -> None:
    """An expired token is worth a fresh one; a store that is away is worth another try."""

    class Refusing(DevelopmentAuthenticator):
        async def authenticate(self, token: str) -> Identity:
            raise refusal

    socket = wire(state=ApplicationState(instance, authenticator=Refusing()))

    assert (await socket.next())["type"] == "websocket.accept"
    assert await socket.close_code() == code


async def test_a_store_that_is_away(
    wire: Callable[..., Wire], instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or hangs: come back later."""

    async def hang(*args: object, **options: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(consumers, "DEADLINE_SECONDS", 0.1)
    monkeypatch.setattr(instance.store, "list_memberships", hang)

    assert await wire().close_code() == 1013


async def test_frames_before_hello_are_dropped(wire: Callable[..., Wire]) -> None:
    """There is nobody yet to carry them out for; after `hello` they are."""
    socket = wire()
    await socket.opened()
    socket.command(id=1, type="ping")

    assert await socket.frame() == {"id": 1, "type": "reply", "data": {}}


# Commands


async def test_a_command_that_hangs_is_answered(
    instance: Instance, wire: Callable[..., Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 503; live events go on meanwhile, and so do the commands after it."""
    entered = asyncio.Event()

    async def hang(instance: object, connection: object) -> dict[str, Any]:
        entered.set()
        await asyncio.Event().wait()
        return {}

    ping = commands.COMMANDS["ping"]
    hanging = replace(ping, handler=hang, waits=True, deadline=0.2)
    monkeypatch.setitem(commands.COMMANDS, "ping", hanging)
    socket = wire()
    await socket.opened()

    socket.command(id=1, type="ping")
    await entered.wait()
    monkeypatch.setitem(commands.COMMANDS, "ping", ping)
    socket.command(id=2, type="ping")
    (connection,) = instance.hub.connections.of("ann")
    connection.transmit(EventEncoder("i-1", "boot").soft(EventType.HEARTBEAT, {}))

    assert (await socket.frame())["type"] == "heartbeat"
    error = await socket.frame()
    assert (error["id"], error["code"], error["retry_after"]) == (1, "store_unavailable", 1)
    assert (await socket.frame())["id"] == 2


async def test_a_fault_in_a_command_closes_nothing(
    wire: Callable[..., Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client learns that it happened, not what."""

    async def fail(instance: object, connection: object) -> dict[str, Any]:
        raise RuntimeError("secret")

    ping = replace(commands.COMMANDS["ping"], handler=fail, waits=True)
    monkeypatch.setitem(commands.COMMANDS, "ping", ping)
    socket = wire()
    await socket.opened()
    socket.command(id=1, type="ping")

    error = await socket.frame()
    assert (error["id"], error["code"], error["status"]) == (1, "internal_error", 500)
    assert "secret" not in json.dumps(error)


# A storm of them


class Watched:
    """The store's query of somebody's conversations, held up until `may_answer` is set."""

    def __init__(self, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.may_answer = asyncio.Event()
        self._list = instance.store.list_memberships
        monkeypatch.setattr(instance.store, "list_memberships", self._watched)

    async def _watched(self, user_id: str, **options: Any) -> Any:
        self.asked.append(user_id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.may_answer.wait()
        try:
            return await self._list(user_id, **options)
        finally:
            self.at_once -= 1


async def test_all_come_back_at_once(
    wire: Callable[..., Wire], instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many queries at a time, one for all sockets of a person, and everybody is let in."""
    store = Watched(instance, monkeypatch)
    sockets = [wire(f"user-{number // 2}") for number in range(200)]
    for socket in sockets:
        await socket.taken()
    async with asyncio.timeout(PATIENCE):
        while store.at_once < PLACES / 2:  # two to a person
            await asyncio.sleep(0)
    store.may_answer.set()

    for socket in sockets:
        await socket.opened()

    assert len(store.asked) == len(set(store.asked)) == 100
    assert store.most_at_once <= PLACES
    assert len(instance.hub.connections) == 200


async def test_waiting_for_ones_turn_does_not_count(
    wire: Callable[..., Wire], instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that takes its time makes a queue, not a crowd that comes back again and again."""
    list_conversations = instance.store.list_memberships

    async def slow(*args: Any, **options: Any) -> Any:
        await asyncio.sleep(0.5)
        return await list_conversations(*args, **options)

    monkeypatch.setattr(consumers, "DEADLINE_SECONDS", 2)
    monkeypatch.setattr(instance.store, "list_memberships", slow)
    sockets = [wire(f"user-{number}") for number in range(5 * PLACES)]

    for socket in sockets:
        await socket.opened()


async def test_who_leaves_meanwhile_is_not_asked_for(
    wire: Callable[..., Wire], instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the store nor anybody behind has to do with a client that is gone."""
    store = Watched(instance, monkeypatch)
    before = [wire(f"user-{number}") for number in range(PLACES)]
    gone = [wire(f"gone-{number}") for number in range(5)]
    last = wire("last")
    for socket in (*before, *gone, last):
        await socket.taken()
    for socket in gone:
        await socket.end()
    store.may_answer.set()

    await last.opened()
    for socket in before:
        await socket.opened()
    assert {*store.asked} == {"last", *(f"user-{number}" for number in range(PLACES))}


async def test_all_sync_at_once(
    wire: Callable[..., Wire], instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reads take their turns, whoever's they are; what they wait is not held against a command."""
    reading: set[str] = set()
    most_at_once = 0
    may_answer = asyncio.Event()

    async def slow(conversation_id: str) -> None:
        nonlocal most_at_once
        reading.add(conversation_id)
        most_at_once = max(most_at_once, len(reading))
        await may_answer.wait()
        reading.discard(conversation_id)

    sockets = [wire(f"user-{number}") for number in range(8)]
    for socket in sockets:
        await socket.opened()
    monkeypatch.setattr(instance.store, "get_conversation", slow)
    monkeypatch.setattr(consumers, "DEADLINE_SECONDS", 0.05)
    for socket in sockets:
        conversations = {random_id(): 1 for _ in range(100)}
        socket.command(id=1, type="conversation.sync", conversations=conversations)
    async with asyncio.timeout(PATIENCE):
        while len(reading) < PLACES:
            await asyncio.sleep(0)
    await lapse(0.1)  # twice what a command may take
    may_answer.set()

    for socket in sockets:
        answers = (await socket.frame())["data"]["conversations"]
        assert {answer["status"] for answer in answers.values()} == {"forbidden"}
    assert most_at_once == PLACES


async def test_who_comes_in_does_not_hold_up_those_who_are_here(
    wire: Callable[..., Wire], instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All places of those who connect are taken; a sync is answered."""
    here = wire("ann")
    await here.opened()
    store = Watched(instance, monkeypatch)
    coming = [wire(f"user-{number}") for number in range(PLACES + 1)]
    for socket in coming:
        await socket.taken()
    assert store.at_once == PLACES

    answer = await here.ask("conversation.sync", conversations={random_id(): 1})

    assert answer["type"] == "reply"
    store.may_answer.set()
    for socket in coming:
        await socket.opened()


async def test_a_store_that_hangs_in_a_sync(
    wire: Callable[..., Wire], instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command is answered, and nothing goes on behind it."""

    reading = set()

    async def hang(conversation_id: str) -> None:
        reading.add(conversation_id)
        try:
            await asyncio.Event().wait()
        finally:
            reading.discard(conversation_id)

    monkeypatch.setattr(sync, "_SYNC_SECONDS", 0.1)
    monkeypatch.setattr(instance.store, "get_conversation", hang)
    socket = wire()
    await socket.opened()
    conversations = {random_id(): 1 for _ in range(100)}
    socket.command(id=1, type="conversation.sync", conversations=conversations)

    assert (await socket.frame())["code"] == "store_unavailable"
    assert not reading


# The end


async def test_no_timer_outlives_the_socket(
    instance: Instance, wire: Callable[..., Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heartbeat that is one frame too many closes the socket and schedules no other."""
    monkeypatch.setattr(sessions, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(waiting_frames, "_MAX_FRAMES", 1)
    monkeypatch.setattr(consumers, "_GRACE_SECONDS", 0.2)
    loop, failures = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, context: failures.append(context))
    socket = wire()
    await socket.opened()
    (connection,) = instance.hub.connections.of("ann")
    socket.writable.clear()
    while len(instance.hub.connections):
        socket.give("websocket.receive", text=None)  # it is not silent
        await asyncio.sleep(0.01)
    assert connection.user_id == "ann"

    await socket.end()
    await lapse(0.4)  # twice the grace

    assert not failures


async def test_a_slow_client_is_closed(instance: Instance, wire: Callable[..., Wire]) -> None:
    """4001 once its outbox is full; nobody else waits for it."""
    slow, other = wire("ann"), wire("bob")
    await slow.opened()
    await other.opened()
    slow.writable.clear()
    hub = instance.hub
    for number in range(1_100):
        for connection in hub.connections.of_all(["ann", "bob"]):
            connection.transmit(encode_reply(number, {}))
        if number % 100 == 0:
            await asyncio.sleep(0)

    assert [(await other.frame())["id"] for _ in range(100)] == list(range(100))
    slow.writable.set()
    assert await slow.close_code() == 4001


async def test_a_client_that_never_reads_again(
    wire: Callable[..., Wire], instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not take the close either: its person is gone at once, its socket soon after."""
    monkeypatch.setattr(consumers, "_GRACE_SECONDS", 0.1)
    socket = wire()
    await socket.opened()
    socket.writable.clear()
    (connection,) = instance.hub.connections.of("ann")

    for number in range(1_100):
        connection.transmit(str(number))

    assert "ann" not in instance.hub.connections
    await asyncio.wait([socket.task], timeout=PATIENCE)
    assert socket.task.done()
    assert not socket.task.cancelled()
    assert socket.task.exception() is None


async def test_the_outbox_is_bounded_in_characters(
    instance: Instance, wire: Callable[..., Wire]
) -> None:
    """A few very large frames are too much as well."""
    socket = wire()
    await socket.opened()
    socket.writable.clear()
    (connection,) = instance.hub.connections.of("ann")
    for _ in range(200):
        connection.transmit("x" * 60_000)
    socket.writable.set()

    assert await socket.close_code() == 4001


async def test_the_core_ends_a_connection(
    wire: Callable[..., Wire], instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked for until then is answered, and nothing of what comes after; then 4002."""
    entered, may_end = asyncio.Event(), asyncio.Event()

    async def slow(instance: object, connection: object) -> dict[str, Any]:
        entered.set()
        await may_end.wait()
        return {}

    ping = replace(commands.COMMANDS["ping"], handler=slow, waits=True)
    monkeypatch.setitem(commands.COMMANDS, "ping", ping)
    socket = wire()
    await socket.opened()
    socket.command(id=1, type="ping")
    socket.command(id=2, type="ping")
    await entered.wait()
    await socket.taken()
    (connection,) = instance.hub.connections.of("ann")

    connection.end(Ending.DRAINING)
    socket.command(id=3, type="ping")
    await socket.taken()
    may_end.set()

    assert [(await socket.frame())["id"] for _ in range(2)] == [1, 2]
    assert await socket.next() == close_message(CloseCode.DRAINING)
    assert "ann" not in instance.hub.connections


async def test_a_draining_instance_lets_nobody_in(
    wire: Callable[..., Wire], instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not before it was asked for, and not when the answer comes only now."""
    asked, may_answer = asyncio.Event(), asyncio.Event()
    list_conversations = instance.store.list_memberships

    async def slow(*args: Any, **options: Any) -> Any:
        asked.set()
        await may_answer.wait()
        return await list_conversations(*args, **options)

    monkeypatch.setattr(instance.store, "list_memberships", slow)
    before = wire("ann")
    await asked.wait()

    await instance.drain()
    after = wire("bob")
    may_answer.set()

    assert await before.close_code() == await after.close_code() == 4002
    assert len(instance.hub.connections) == 0


@pytest.mark.parametrize("how", ["disconnect", "cancelled", "broken"])
async def test_whatever_ends_it_nothing_stays_behind(
    wire: Callable[..., Wire], instance: Instance, how: str
) -> None:
    """Neither server tells a consumer of its end after an error: it cleans up by itself."""
    socket = wire()
    await socket.opened()
    tasks = asyncio.all_tasks()
    assert "ann" in instance.hub.connections

    if how == "disconnect":
        socket.give("websocket.disconnect", code=1006)
    elif how == "cancelled":
        socket.task.cancel()
    else:
        socket.give("")
    await asyncio.wait([socket.task], timeout=PATIENCE)

    assert socket.task.done()
    assert "ann" not in instance.hub.connections
    assert not asyncio.all_tasks() - tasks
    if how == "broken":
        assert isinstance(socket.task.exception(), KeyError)
        assert await socket.close_code() == 1011


async def test_a_fault_outside_of_a_command(
    wire: Callable[..., Wire], instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that cannot be written down, say: closed with 1011, for the client to come back."""

    async def answer(instance: object, connection: object) -> dict[str, Any]:
        return {"answer": object()}

    ping = replace(commands.COMMANDS["ping"], handler=answer, waits=True)
    monkeypatch.setitem(commands.COMMANDS, "ping", ping)
    socket = wire()
    await socket.opened()
    socket.command(id=1, type="ping")

    assert await socket.close_code() == 1011
    assert "ann" not in instance.hub.connections


async def test_closed_during_hello(
    wire: Callable[..., Wire], instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever leaves while the store is asked was never here."""
    store = Watched(instance, monkeypatch)
    await instance.start()
    tasks = asyncio.all_tasks()
    socket = wire()
    async with asyncio.timeout(PATIENCE):
        while store.asked != ["ann"]:
            await asyncio.sleep(0)

    await socket.end()
    store.may_answer.set()

    async with asyncio.timeout(PATIENCE):
        while asyncio.all_tasks() - tasks:
            await asyncio.sleep(0)
    assert "ann" not in instance.hub.connections


async def test_hello_reaches_nobody(
    wire: Callable[..., Wire], instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server knows that the client is gone, and has not said so yet."""
    connected: list[str] = []
    connect = instance.hub.sessions.connect

    def watched(connection: Connection, conversations: Any) -> Any:
        connected.append(connection.user_id)
        return connect(connection, conversations)

    monkeypatch.setattr(instance.hub.sessions, "connect", watched)
    socket = wire()
    socket.lost = True
    async with asyncio.timeout(PATIENCE):
        while not connected:
            await asyncio.sleep(0)

    assert "ann" not in instance.hub.connections
    assert not socket.task.done()


async def test_an_open_socket_does_not_keep_its_token(wire: Callable[..., Wire]) -> None:
    """Nor the other headers, which a server would keep as long as the socket."""
    socket = wire()
    await socket.opened()

    assert (socket.scope["headers"], socket.scope["subprotocols"]) == ([], [])
    assert (await socket.ask("ping"))["type"] == "reply"


async def test_an_ended_socket_leaves_nothing_to_the_collector(
    wire: Callable[..., Wire],
) -> None:
    """Of its own: its parts refer to each other, and are let go at the end."""

    def living() -> int:
        kinds = {consumers.ChatConsumer, outbox.Outbox, Connection}
        return sum(type(thing) in kinds for thing in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = living()
        socket = wire()
        await socket.opened()
        socket.command(id=1, type="ping")
        await socket.frame()
        assert living() == before + 3
        await socket.end()
        assert living() == before
    finally:
        gc.enable()
