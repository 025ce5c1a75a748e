"""The session: tokens, what is soft, a restored store."""

import asyncio
from typing import Any

from tests.clients.checking.scenarios import scenario
from tests.clients.checking.stage import ME, Stage
from tests.clients.checking.subject import Mistake
from tests.clients.checking.wire import Line

Json = dict[str, Any]


@scenario()
async def a_token_that_ends(stage: Stage) -> None:
    """At `auth.expiring` the client sends `auth.refresh` with a fresh token, and its socket stays
    open."""
    await stage.live()
    before = len(stage.wire.lines)
    stage.token_seconds = 10
    stage.wire.lines[-1].cut()
    line = await stage.live(after=before)
    stage.token_seconds = None
    await stage.until(
        lambda: any(command.get("type") == "auth.refresh" for command in line.commands),
        "It does not send auth.refresh",
    )
    await asyncio.sleep(10)  # until the first token has ended
    if line.closed_with is not None or not line.open:
        raise Mistake(f"Its socket ended with {line.closed_with} though there was a fresh token.")
    await stage.agree()


@scenario(short=True)
async def read_elsewhere(stage: Stage) -> None:
    """`receipt.updated` of oneself comes from other devices: what was read there is read here."""
    group = await stage.group("Read elsewhere")
    await stage.say_all(group, 3)
    await stage.agree()
    await stage.me.request("POST", f"/conversations/{group}/read", {"seq": 2})
    await stage.agree()
    before = len(stage.wire.lines)
    target, stage.wire.target_port = stage.wire.target_port, 9  # nobody listens there
    stage.wire.lines[-1].cut()
    await stage.me.request("POST", f"/conversations/{group}/read", {"seq": 3})
    stage.wire.target_port = target
    await stage.live(after=before)
    await stage.agree()


@scenario(short=True)
async def an_older_receipt(stage: Stage) -> None:
    """The highest `read_seq` that was heard of each person counts: that of a delivery may be an
    older one."""
    group = await stage.group("An older receipt", "cid")
    await stage.say_all(group, 3)
    await stage.cid.request("POST", f"/conversations/{group}/read", {"seq": 3})
    await stage.me.request("POST", f"/conversations/{group}/read", {"seq": 3})
    await stage.agree()
    line = await stage.live()
    for person in ("cid", ME):
        data = {"user_id": person, "read_seq": 1, "delivered_seq": 3}
        line.put_event("receipt.updated", data, conversation_id=group)
    await stage.say(group)
    await stage.agree()


@scenario()
async def soft_events_that_were_missed(stage: Stage) -> None:
    """Soft events are never sent again: after `restored`, as after `hello` and `resync`, load
    `/receipts` of what is on screen."""
    group = await stage.group("Missed receipts", "cid")
    await stage.say_all(group, 3)
    await stage.agree()
    lost: list[Json] = []

    def lose(line: Line, frame: Json) -> list[Json]:
        if frame["type"] == "receipt.updated":
            lost.append(frame)
            return []
        return [frame]

    stage.wire.down.append(lose)
    line = await stage.live()
    line.put_event("degraded", {})
    await stage.shows(lambda state: state.get("degraded") is True, "It does not say `degraded`")
    await stage.cid.request("POST", f"/conversations/{group}/read", {"seq": 3})
    await stage.until(lambda: bool(lost), "The events do not come")
    stage.wire.mend()
    line.put_event("restored", {})
    await stage.shows(lambda state: state.get("degraded") is False, "It goes on with `degraded`")
    await stage.agree()


@scenario()
async def typing_ends(stage: Stage) -> None:
    """A typing indicator ends with `typing.stopped`, with a message of the same person, and at
    `expires_at`."""
    group = await stage.group("Typing")
    await stage.agree()

    def typing(state: Json) -> bool:
        shown = next(one for one in state["conversations"] if one["id"] == group)
        return "bob" in shown["typing"]

    line = await stage.live()
    data = {"user_id": "bob", "expires_at": "2999-01-01T00:00:00.000Z"}
    for ends in ("stopped", "message"):
        line.put_event("typing.started", data, conversation_id=group)
        await stage.shows(typing, "It does not show who types")
        if ends == "stopped":
            line.put_event("typing.stopped", data, conversation_id=group)
        else:
            await stage.say(group)
        await stage.shows(lambda state: not typing(state), f"The indicator outlives {ends}")
    # The server's own, which nothing ends before its time.
    stage.wire.down.append(lambda line, frame: [] if frame["type"] == "typing.stopped" else [frame])
    await stage.bob.request("POST", f"/conversations/{group}/typing", {})
    await stage.shows(typing, "It does not show who types")
    await stage.shows(lambda state: not typing(state), "The indicator outlives its `expires_at`")
    stage.wire.mend()


@scenario()
async def presence(stage: Stage) -> None:
    """`presence.watch` answers with the present state, `presence.changed` follows; it is watched
    again on every socket."""
    await stage.group("Presence")
    await stage.agree()
    await stage.subject.do("watch", user_ids=["bob"])
    await stage.shows(lambda state: state["presence"].get("bob") == "offline", "Bob is offline")
    line = await stage.live()
    line.put_event(
        "presence.changed", {"user_id": "bob", "status": "online", "last_active_at": None}
    )
    await stage.shows(lambda state: state["presence"].get("bob") == "online", "Bob is online")
    before = len(stage.wire.lines)
    line.cut()
    await stage.live(after=before)
    await stage.shows(
        lambda state: state["presence"].get("bob") == "offline",
        "After a reconnect Bob is offline, as the answer to `presence.watch` says",
    )


@scenario()
async def a_restored_store(stage: Stage) -> None:
    """Another `epoch`: discard every cursor and everything that is held, load it anew, and send
    what waits in the outbox again."""
    group = await stage.group("A restored store")
    message = await stage.say(group, "This is in the backup.")
    await stage.agree()
    line = await stage.live()
    before = len(stage.wire.lines)
    # What the client was shown, and the backup does not have.
    ghost = {**message, "id": "a" * 26, "seq": 2, "version": 2, "text": "This is undone."}
    line.put_event("message.created", {"message": ghost}, conversation_id=group, version=2)
    await stage.shows(
        lambda state: any(
            shown["id"] == ghost["id"]
            for one in state["conversations"]
            for shown in one["messages"]
        ),
        "It does not show a message",
    )
    stage.wire.lose_request = lambda method, path: method == "POST"
    stage.wire.up.append(lambda line, frame: [] if frame.get("type") == "message.send" else [frame])
    await stage.send(group, "Still on its way.")
    await stage.shows(lambda state: bool(state["outbox"]), "Its outbox is empty without an answer")
    await stage.new_epoch()
    await stage.until(lambda: len(stage.wire.lines) > before, "It does not come back after 4004")
    stage.wire.mend()
    await stage.live(after=before)
    await stage.agree()
    await stage.sent_once(group, "Still on its way.")
