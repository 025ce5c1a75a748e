"""Outages: the client's machine sleeps, an instance is killed, Redis is killed."""

import time

from tests.clients.checking.scenarios import scenario
from tests.clients.checking.stage import Stage
from tests.clients.checking.wire import HEARTBEAT_SECONDS, Line


@scenario()
async def asleep(stage: Stage) -> None:
    """A machine that was asleep wakes with a dead socket and late timers: the client connects
    again, shows the messages that it missed, and sends the waiting message once."""
    group = await stage.group("Asleep")
    await stage.agree()
    for text in ("The network stays.", "The network goes."):
        before = len(stage.wire.lines)
        line = await stage.live()
        if text == "The network goes.":
            line.hang()  # and nobody is told
        await stage.send(group, text)
        await _night(stage, group, line)
        await stage.live(after=before)
        await stage.say(group)
        await stage.agree()
        await stage.sent_once(group, text)


async def _night(stage: Stage, group: str, line: Line) -> None:
    stage.subject.sleep()
    begun = time.monotonic()
    try:
        await stage.say_all(group, 3)
        await stage.until(
            lambda: (
                time.monotonic() - begun > 3 * HEARTBEAT_SECONDS
                and (line.hangs or line.closed_with == 4003)
            ),
            "The server does not give the client up",
        )
    finally:
        stage.subject.wake()


@scenario()
async def an_instance_that_is_killed(stage: Stage) -> None:
    """The client goes to another instance, and repeats the sends without an answer, with the same
    `client_id`."""
    group = await stage.group("A killed instance")
    await stage.agree()
    await stage.move()
    await stage.send(group, "Before.")
    await stage.agree()
    before = len(stage.wire.lines)
    texts = [f"While it is killed {number}." for number in range(5)]
    for number, text in enumerate(texts):
        await stage.send(group, text)
        if number == 2:
            await stage.kill_second()
            stage.switch()
    await stage.say_all(group, 3)
    await stage.live(after=before)
    await stage.replace_second()
    await stage.agree()
    await stage.sent_once(group, "Before.", *texts)


@scenario()
async def redis_that_is_killed(stage: Stage) -> None:
    """Without Redis, events of other instances come some seconds late. The client stays connected,
    sends and receives, and needs no reload after Redis is back."""
    group = await stage.group("Without Redis")
    await stage.agree()
    await stage.move()  # Bob is on the first instance
    try:
        await stage.send(group, "With Redis.")
        await stage.redis.kill()
        await stage.send(group, "Without Redis.")
        await stage.say_all(group, 3)
        await stage.agree()
    finally:
        await stage.redis.start()
    await stage.send(group, "With Redis again.")
    await stage.say_all(group, 3)
    await stage.shows(lambda state: state["degraded"] is False, "It goes on with `degraded`")
    await stage.agree()
    await stage.sent_once(group, "With Redis.", "Without Redis.", "With Redis again.")
    stage.switch()
