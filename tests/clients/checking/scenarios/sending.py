"""What the client sends: once, in order, and with an answer that may get lost."""

from typing import Any

from tests.clients.checking.scenarios import scenario
from tests.clients.checking.stage import Stage
from tests.clients.checking.subject import Mistake
from tests.clients.checking.wire import Line

Json = dict[str, Any]


def is_sent(frame: Json) -> bool:
    """Whether this is the reply to a message that was sent."""
    return frame["type"] == "reply" and "message" in frame["data"]


def is_sending(method: str, path: str) -> bool:
    return method == "POST" and path.endswith("/messages")


@scenario(short=True)
async def own_messages(stage: Stage) -> None:
    """A sent message is shown once: the reply and the event carry the same `client_id`."""
    group = await stage.group("Own messages")
    await stage.agree()
    texts = [f"Mine {number}." for number in range(5)]
    for text in texts:
        await stage.send(group, text)
        await stage.say(group)
    await stage.agree()
    await stage.sent_once(group, *texts)


@scenario(short=True)
async def a_lost_answer(stage: Stage) -> None:
    """No answer, or the socket closed: send it again after the next `hello`, with the same
    `client_id`."""
    group = await stage.group("A lost answer")
    await stage.agree()
    before = len(stage.wire.lines)

    def lose(line: Line, frame: Json) -> list[Json]:
        if line is stage.wire.lines[before - 1] and is_sent(frame):
            line.cut()
        return [frame] if line.open else []

    stage.wire.down.append(lose)
    stage.wire.lose_answer = lambda method, path: (
        is_sending(method, path) and len(stage.wire.lines) == before and _cut(stage, before)
    )
    await stage.send(group, "Was it stored?")
    await stage.live(after=before)
    stage.wire.mend()
    await stage.agree()
    await stage.sent_once(group, "Was it stored?")


def _cut(stage: Stage, before: int) -> bool:
    stage.wire.lines[before - 1].cut()
    return True


@scenario(short=True)
async def a_lost_command(stage: Stage) -> None:
    """What never reached the server is sent again, in order, after the next `hello`."""
    group = await stage.group("A lost command")
    await stage.agree()
    before = len(stage.wire.lines)

    def lose(line: Line, frame: Json) -> list[Json]:
        lost = line is stage.wire.lines[before - 1] and frame.get("type") == "message.send"
        return [] if lost else [frame]

    stage.wire.up.append(lose)
    stage.wire.lose_request = lambda method, path: (
        is_sending(method, path) and len(stage.wire.lines) == before
    )
    texts = [f"Is anybody there? {number}" for number in range(3)]
    for text in texts:
        await stage.send(group, text)
    await stage.shows(lambda state: bool(state["outbox"]), "Its outbox is empty without an answer")
    stage.wire.lines[before - 1].cut()
    await stage.live(after=before)
    stage.wire.mend()
    await stage.agree()
    await stage.sent_once(group, *texts)


@scenario()
async def an_answer_that_never_comes(stage: Stage) -> None:
    """Neither an answer nor the event within 10 seconds: send it again, with the same `client_id`,
    though the socket lives."""
    group = await stage.group("An answer that never comes")
    await stage.agree()
    lost: list[Json] = []
    held: list[Json] = []
    sent = 0

    def lose(line: Line, frame: Json) -> list[Json]:
        if not lost and is_sent(frame):
            lost.append(frame)
            return []
        if sent < 2 and frame["type"] == "message.created":
            held.append(frame)
            return []
        return [frame]

    def count(line: Line, frame: Json) -> list[Json]:
        nonlocal sent
        if frame.get("type") == "message.send":
            sent += 1
            if sent == 2:
                for event in held:
                    line.put(event)
        return [frame]

    stage.wire.down.append(lose)
    stage.wire.up.append(count)
    await stage.send(group, "Hello?")
    await stage.until(lambda: bool(lost), "It does not send over the socket")
    await stage.until(lambda: sent > 1, "It does not send again")
    await stage.agree()
    await stage.sent_once(group, "Hello?")


@scenario(short=True)
async def an_unknown_error(stage: Stage) -> None:
    """An unknown code is treated by its status: 503 and 429 are sent again after `retry_after`, in
    the order of the conversation; another 4xx is not sent again and its `detail` is shown."""
    group = await stage.group("An unknown error")
    await stage.agree()
    refused: list[str] = []
    statuses = {"Try again": 503, "Not so fast": 429, "Give it up": 403}

    def refuse(line: Line, frame: Json) -> list[Json]:
        if frame.get("type") != "message.send" or frame["text"] in refused:
            return [frame]
        refused.append(frame["text"])
        status = statuses[frame["text"]]
        error = {"id": frame["id"], "type": "error", "code": "of_a_later_release"}
        line.put({**error, "detail": "It says why.", "status": status, "retry_after": 1})
        return []

    stage.wire.up.append(refuse)
    for text in statuses:
        await stage.send(group, text)
    await stage.shows(
        lambda state: any(
            one["text"] == "Give it up" and one["detail"] == "It says why."
            for one in state["failed"]
        ),
        "A message that was refused with 403 is not among `failed` with its detail",
    )
    stage.wire.up.clear()
    await stage.agree()
    await stage.sent_once(group, "Try again", "Not so fast")
    found = [one["text"] for one in await stage.me.history(group)]
    if "Give it up" in found:
        raise Mistake("It sent again what was refused with 403.")


@scenario()
async def while_there_is_no_socket(stage: Stage) -> None:
    """What is sent while the socket is away waits in the outbox and keeps its order."""
    group = await stage.group("No socket")
    await stage.agree()
    before = len(stage.wire.lines)
    stage.wire.lose_request = lambda method, path: True
    target, stage.wire.target_port = stage.wire.target_port, 9  # nobody listens there
    stage.wire.lines[-1].cut()
    texts = [f"From the tunnel {number}." for number in range(4)]
    for text in texts:
        await stage.send(group, text)
    await stage.say_all(group, 3)
    stage.wire.target_port = target
    stage.wire.mend()
    await stage.live(after=before)
    await stage.agree()
    await stage.sent_once(group, *texts)


@scenario(short=True)
async def reading(stage: Stage) -> None:
    """Reading moves forward only; one's own message counts as read with all before it."""
    group = await stage.group("Reading")
    await stage.say_all(group, 4)
    await stage.agree()
    await stage.subject.do("read", conversation_id=group, seq=3)
    await _has_read(stage, group, 3)
    await stage.agree()
    await stage.send(group, "I have read it all.")
    await _has_read(stage, group, 5)
    await stage.agree()


async def _has_read(stage: Stage, group: str, seq: int) -> None:
    async def reached() -> bool:
        conversation = await stage.me.get_conversation(group)
        return bool(conversation["read_seq"] == seq)

    await stage.until_shown(reached, lambda: f"The store does not say that it has read {seq}")
