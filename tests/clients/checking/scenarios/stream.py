"""The stream of a conversation: whole, in order and once, whatever happens to single frames."""

from typing import Any

from tests.clients.checking.scenarios import scenario
from tests.clients.checking.stage import ME, Stage
from tests.clients.checking.wire import Line

Json = dict[str, Any]


@scenario(short=True)
async def live_changes(stage: Stage) -> None:
    """Messages, edits, deletions, titles, people and read positions are shown as they come."""
    group = await stage.group("Live changes", "cid")
    first = await stage.say(group, "With a mistaek.")
    second = await stage.say(group, "Said too much.")
    await stage.agree()
    await stage.subject.do("read", conversation_id=group, seq=2)
    await stage.bob.request(
        "PATCH", f"/conversations/{group}/messages/{first['id']}", {"text": "Without."}
    )
    await stage.bob.request("DELETE", f"/conversations/{group}/messages/{second['id']}")
    await stage.bob.request("PATCH", f"/conversations/{group}", {"title": "Lively changes"})
    await stage.cid.request("POST", f"/conversations/{group}/read", {"seq": 2})
    await stage.bob.remove(group, "cid")
    await stage.say(group, "Line one\r\nline two 👩\u200d💻")
    await stage.agree()


@scenario(short=True)
async def deleted_messages(stage: Stage) -> None:
    """A deleted message keeps its place and is unread for nobody, wherever the client was told of
    it: by an event, or by a sync after it was away."""
    group = await stage.group("Deleted messages")
    messages = [await stage.say(group) for _ in range(6)]
    await stage.agree()
    paths = [f"/conversations/{group}/messages/{message['id']}" for message in messages]
    await stage.subject.do("read", conversation_id=group, seq=1)
    for index in (0, 2):
        await stage.bob.request("DELETE", paths[index])
    await stage.agree()
    before = len(stage.wire.lines)
    stage.wire.lines[-1].cut()
    await stage.bob.request("DELETE", paths[4])
    await stage.live(after=before)
    await stage.agree()


@scenario(short=True)
async def a_hole(stage: Stage) -> None:
    """An event further ahead than the next version is kept; `conversation.sync` with the cursor
    brings what is missing."""
    group = await stage.group("A hole")
    await stage.say(group)
    await stage.agree()
    lost: list[int] = []

    def lose(line: Line, frame: Json) -> list[Json]:
        if frame.get("conversation_id") == group and frame.get("version") in {2, 3, 5}:
            lost.append(frame["version"])
            return []
        return [frame]

    stage.wire.down.append(lose)
    await stage.say_all(group, 5)
    await stage.until(lambda: len(lost) == 3, "The events do not come")
    stage.wire.mend()
    await stage.agree()


@scenario(short=True)
async def repeated_events(stage: Stage) -> None:
    """An event whose version is not above the cursor is dropped, and an older state of a message
    never takes the place of a newer one."""
    group = await stage.group("Repeated events")
    await stage.agree()
    kept: list[Json] = []

    def repeat(line: Line, frame: Json) -> list[Json]:
        if frame.get("conversation_id") != group or "version" not in frame:
            return [frame]
        kept.append(frame)
        return [*reversed(kept), *kept]

    stage.wire.down.append(repeat)
    first = await stage.say(group, "One.")
    await stage.say(group, "Two.")
    path = f"/conversations/{group}/messages/{first['id']}"
    await stage.bob.request("PATCH", path, {"text": "One, corrected."})
    await stage.say(group, "Three.")
    await stage.agree()


@scenario()
async def a_resync(stage: Stage) -> None:
    """`resync` asks for a sync from the cursor, of a conversation where nothing follows that would
    show the hole."""
    group = await stage.group("A resync")
    await stage.agree()
    lost: list[Json] = []

    def lose(line: Line, frame: Json) -> list[Json]:
        if frame.get("conversation_id") == group:
            lost.append(frame)
            return []
        return [frame]

    stage.wire.down.append(lose)
    message = await stage.say(group)
    await stage.bob.request("DELETE", f"/conversations/{group}/messages/{message['id']}")
    await stage.until(lambda: len(lost) >= 2, "The events do not come")
    stage.wire.mend()
    line = await stage.live()
    line.put_event("resync", {"conversation_id": group}, conversation_id=group)
    await stage.agree()


@scenario()
async def several_changes_as_one(stage: Stage) -> None:
    """`conversation.changes` stands for all versions from `since` + 1 to its own, as the present
    state."""
    group = await stage.group("Several changes")
    first = await stage.say(group, "One.")
    await stage.agree()
    lost: list[Json] = []

    def lose(line: Line, frame: Json) -> list[Json]:
        if frame.get("conversation_id") == group and "version" in frame:
            lost.append(frame)
            return []
        return [frame]

    stage.wire.down.append(lose)
    path = f"/conversations/{group}/messages/{first['id']}"
    await stage.bob.request("PATCH", path, {"text": "One, corrected."})
    await stage.bob.request("PATCH", f"/conversations/{group}", {"title": "Many changes"})
    await stage.say(group, "Two.")
    await stage.until(lambda: len(lost) >= 3, "The events do not come")
    stage.wire.mend()
    changes = await stage.me.request("GET", f"/conversations/{group}/changes", since=1)
    data = {"since": 1, "messages": changes["messages"], "conversation": changes["conversation"]}
    line = await stage.live()
    line.put_event("conversation.changes", data, conversation_id=group, version=changes["version"])
    await stage.say(group, "Three.")
    await stage.agree()


@scenario()
async def many_missed_changes(stage: Stage) -> None:
    """Where the answer to a sync says `more`, the client asks again from its version."""
    group = await stage.group("Many missed changes")
    await stage.agree()

    def lose(line: Line, frame: Json) -> list[Json]:
        return [] if frame.get("conversation_id") == group else [frame]

    stage.wire.down.append(lose)
    await stage.say_all(group, 260)
    stage.wire.mend()
    await stage.say(group, "The last.")
    await stage.agree()


@scenario()
async def a_reset(stage: Stage) -> None:
    """`reset` in the answer to a sync: load the conversation again over REST."""
    group = await stage.group("A reset")
    await stage.say_all(group, 3)
    await stage.agree()
    reset: list[int] = []

    def spoil(line: Line, frame: Json) -> list[Json]:
        if frame.get("version") == 4 and frame.get("conversation_id") == group:
            return []
        if frame["type"] == "reply" and group in frame["data"].get("conversations", {}):
            changes = frame["data"]["conversations"][group]
            reset.append(changes["version"])
            changes |= {"status": "reset", "messages": [], "conversation": None, "more": False}
        return [frame]

    stage.wire.down.append(spoil)
    await stage.say_all(group, 2)
    await stage.until(lambda: bool(reset), "It does not sync")
    await stage.agree()


@scenario()
async def events_while_loading(stage: Stage) -> None:
    """Events of a conversation whose REST request is under way are kept and applied after its
    answer, in their order."""
    await stage.agree()
    stage.wire.answers_flow.clear()
    group = await stage.group("Loading")
    first = await stage.say(group, "Before the answer.")
    await stage.until(lambda: bool(stage.wire.held_back), "It does not load what it was added to")
    path = f"/conversations/{group}/messages/{first['id']}"
    await stage.bob.request("PATCH", path, {"text": "Corrected meanwhile."})
    await stage.say_all(group, 3)
    await stage.bob.request("PATCH", f"/conversations/{group}", {"title": "Loaded"})
    stage.wire.mend()
    await stage.agree()


@scenario(short=True)
async def removed_and_added(stage: Stage) -> None:
    """`conversation.removed` and one's own `participant.removed` end a conversation;
    `conversation.added` begins it anew: discard what was known, and load it."""
    group = await stage.group("Removed and added")
    await stage.say_all(group, 2)
    await stage.agree()
    await stage.bob.remove(group, ME)
    await stage.say(group, "Behind the back.")
    await stage.agree()
    await stage.bob.add(group, ME)
    await stage.say(group, "Welcome back.")
    await stage.agree()
    await stage.bob.remove(group, ME)
    await stage.bob.add(group, ME)
    await stage.say(group, "So quickly?")
    await stage.agree()


@scenario()
async def a_late_answer_to_a_sync(stage: Stage) -> None:
    """Only the answer to the latest sync of a conversation counts, and no answer moves the cursor
    back."""
    group = await stage.group("A late answer")
    await stage.say(group)
    await stage.agree()
    held: list[tuple[Line, Json]] = []

    def hold(line: Line, frame: Json) -> list[Json]:
        if frame.get("version") == 2 and frame.get("conversation_id") == group:
            return []
        if frame["type"] == "reply" and group in frame["data"].get("conversations", {}):
            held.append((line, frame))
            return [] if len(held) == 1 else [frame]
        return [frame]

    stage.wire.down.append(hold)
    await stage.say_all(group, 2)
    await stage.until(lambda: bool(held), "It does not sync")
    line = held[0][0]
    line.put_event("resync", {"conversation_id": group}, conversation_id=group)
    await stage.until(lambda: len(held) >= 2, "It does not sync at a resync")
    await stage.say(group, "After all that.")
    line.put(held[0][1])
    stage.wire.mend()
    await stage.say(group, "And this.")
    await stage.agree()


@scenario(short=True)
async def unknown_things(stage: Stage) -> None:
    """Unknown events and unknown fields are ignored."""
    group = await stage.group("Unknown things")
    await stage.agree()

    def add(line: Line, frame: Json) -> list[Json]:
        frame["of_a_later_release"] = {"a": [1, None]}
        if isinstance(frame.get("data"), dict):
            frame["data"]["of_a_later_release"] = "x"
            if isinstance(frame["data"].get("message"), dict):
                frame["data"]["message"]["of_a_later_release"] = True
        return [frame]

    stage.wire.down.append(add)
    line = await stage.live()
    line.put_event("poll.opened", {"question": "Tea?"}, conversation_id=group)
    line.put_event("of.a.later.release", None)
    line.put_event("of.a.later.release", {}, conversation_id="q" * 26)
    await stage.say_all(group, 2)
    await stage.send(group, "What was that?")
    await stage.agree()
