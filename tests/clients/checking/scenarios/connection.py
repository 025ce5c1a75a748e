"""The connection: it breaks in every way, moves between instances, and comes back."""

import asyncio
import time
from typing import Any

from tests.clients.checking.scenarios import scenario
from tests.clients.checking.stage import ME, Stage
from tests.clients.checking.subject import Mistake
from tests.clients.checking.wire import HEARTBEAT_SECONDS, Line

Json = dict[str, Any]


@scenario(short=True)
async def cut_in_the_middle(stage: Stage) -> None:
    """After a break the client connects again, compares `hello` with its cursors, and syncs what is
    behind. It misses nothing and shows nothing twice."""
    group = await stage.group("Cut in the middle")
    await stage.agree()
    for _ in range(3):
        line = await stage.live()
        before = len(stage.wire.lines)
        await stage.say_all(group, 3)
        line.cut()
        await stage.say_all(group, 3)
        await stage.live(after=before)
        await stage.say(group)
    await stage.agree()


@scenario()
async def half_closed(stage: Stage) -> None:
    """A connection whose server's direction ended without a close frame is broken (1006)."""
    group = await stage.group("Half closed")
    await stage.agree()
    before = len(stage.wire.lines)
    (await stage.live()).write_end()
    await stage.say(group)
    await stage.live(after=before)
    await stage.agree()


@scenario()
async def a_silent_server(stage: Stage) -> None:
    """Nothing heard for 2 × `heartbeat_seconds`: the client reconnects, and does not wait for the
    close to be answered."""
    group = await stage.group("A silent server")
    await stage.agree()
    before = len(stage.wire.lines)
    (await stage.live()).hang()
    await stage.say(group, "Can you hear me?")
    await stage.live(after=before)
    await stage.agree()


@scenario()
async def no_hello(stage: Stage) -> None:
    """A socket that opens and says nothing is given up after a while, too."""
    group = await stage.group("No hello")
    await stage.agree()
    before = len(stage.wire.lines)

    def swallow(line: Line, frame: Json) -> list[Json]:
        if line is not stage.wire.lines[before]:
            return [frame]
        line.hang()
        return []

    stage.wire.down.append(swallow)
    stage.wire.lines[-1].cut()
    await stage.until(lambda: len(stage.wire.lines) > before, "It does not come back")
    await stage.say(group)
    await stage.until(lambda: len(stage.wire.lines) > before + 1, "It waits for `hello` for ever")
    stage.wire.mend()
    await stage.live(after=before + 1)
    await stage.agree()


@scenario()
async def an_idle_client(stage: Stage) -> None:
    """A client sends at least one frame in 3 × `heartbeat_seconds`; answering `heartbeat` with
    `ping` is enough."""
    line = await stage.live()
    end = time.monotonic() + 4 * HEARTBEAT_SECONDS
    while time.monotonic() < end:
        await asyncio.sleep(0.2)
        if line.closed_with == 4003:
            raise Mistake("It was silent for 3 × `heartbeat_seconds`.")
    await stage.agree()


@scenario(short=True)
async def nothing_before_hello(stage: Stage) -> None:
    """Nothing is sent before `hello`."""
    group = await stage.group("Before hello")
    await stage.agree()
    before = len(stage.wire.lines)
    early: list[Json] = []

    def delay(line: Line, frame: Json) -> list[Json]:
        if frame["type"] == "hello":
            early.extend(line.commands)
        return [frame]

    stage.wire.down.append(delay)
    stage.wire.lines[-1].cut()
    await stage.send(group, "Sent while it connects.")
    await stage.live(after=before)
    if early:
        raise Mistake(f"It sent {early} before `hello`.")
    await stage.agree()
    await stage.sent_once(group, "Sent while it connects.")


@scenario()
async def another_instance(stage: Stage) -> None:
    """After a break the client may come to another instance, where the same holds."""
    group = await stage.group("Another instance")
    await stage.agree()
    for _ in range(2):
        before = len(stage.wire.lines)
        stage.switch()
        await stage.say(group, None)
        stage.wire.lines[-1].cut()
        await stage.say_all(group, 3)
        await stage.live(after=before)
        await stage.say(group)
        await stage.agree()


@scenario()
async def an_instance_that_ends(stage: Stage) -> None:
    """`draining`: close, and connect again after its `retry_after`."""
    group = await stage.group("An instance that ends")
    await stage.agree()
    await stage.move()
    await stage.send(group, "Before the end.")
    await stage.agree()
    before = len(stage.wire.lines)
    stage.switch()
    await stage.drain_second()
    await stage.say_all(group, 3)
    await stage.send(group, "In between.")
    await stage.live(after=before)
    await stage.replace_second()
    await stage.agree()
    await stage.sent_once(group, "Before the end.", "In between.")


@scenario()
async def codes_below_4500(stage: Stage) -> None:
    """Below 4500 the client reconnects by itself; so it does after 1001, 1011, 1012 and 1013."""
    for code in (4001, 4002, 4003, 4004, 4321, 1001, 1011, 1012, 1013):
        line = await stage.live()
        before = len(stage.wire.lines)
        line.close(code)
        await stage.live(after=before)
    await stage.agree()


@scenario()
async def an_expired_token(stage: Stage) -> None:
    """After 4502 the client reconnects with a fresh token."""
    line = await stage.live()
    before, given = len(stage.wire.lines), stage.wire.tokens_given
    line.close(4502)
    await stage.live(after=before)
    if stage.wire.tokens_given == given:
        raise Mistake("It came back after 4502 without a fresh token.")
    await stage.agree()


@scenario()
async def codes_from_4500_on(stage: Stage) -> None:
    """From 4500 on the client does not reconnect by itself, 4502 excepted: it waits for the person,
    who signs in again or asks for it."""
    for code in (4501, 4503, 4504, 4505, 4506, 4777):
        line = await stage.live()
        before = len(stage.wire.lines)
        line.close(code)
        shown = "replaced" if code == 4506 else "signed_out"
        states = {shown} if code != 4777 else {"signed_out", "replaced"}
        await stage.shows(
            lambda state, states=states: state["connection"] in states,  # type: ignore[misc]
            f"After {code} its connection is not {' or '.join(sorted(states))}",
        )
        await asyncio.sleep(3)  # within which it would have come back
        if len(stage.wire.lines) > before:
            raise Mistake(f"It reconnected by itself after {code}.")
        await stage.connect()
        await stage.live(after=before)
    await stage.agree()


@scenario()
async def removed_while_away(stage: Stage) -> None:
    """What the client knows and `hello`, not truncated, does not name is gone."""
    group = await stage.group("Removed while away")
    await stage.say(group)
    await stage.agree()
    before = len(stage.wire.lines)
    target, stage.wire.target_port = stage.wire.target_port, 9  # nobody listens there
    stage.wire.lines[-1].cut()
    await stage.bob.remove(group, ME)
    other = await stage.group("Added while away")
    await stage.say(other)
    stage.wire.target_port = target
    await stage.live(after=before)
    await stage.agree()


@scenario()
async def a_truncated_hello(stage: Stage) -> None:
    """Where `hello` is truncated, what it does not name is kept, and naming it in a sync makes it
    live."""
    group = await stage.group("Left out")
    await stage.say(group)
    await stage.agree()
    before = len(stage.wire.lines)
    synced: list[Line] = []

    def truncate(line: Line, frame: Json) -> list[Json]:
        if frame["type"] == "hello":
            frame["data"]["conversations"].pop(group, None)
            frame["data"]["truncated"] = True
        elif frame.get("conversation_id") == group and line not in synced:
            return []  # it is not live on this socket
        return [frame]

    def notice(line: Line, frame: Json) -> list[Json]:
        if frame.get("type") == "conversation.sync" and group in frame["conversations"]:
            synced.append(line)
        return [frame]

    stage.wire.down.append(truncate)
    stage.wire.up.append(notice)
    stage.wire.lines[-1].cut()
    await stage.say(group, "While it was away.")
    await stage.live(after=before)
    await stage.until(lambda: bool(synced), "It does not name the conversation in a sync")
    await stage.say(group, "Live again.")
    await stage.agree()
