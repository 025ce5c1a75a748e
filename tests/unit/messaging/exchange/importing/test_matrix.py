"""Rooms of Matrix: who may edit, redact and see a message."""

from pathlib import Path
from typing import Any

from messaging.domain.conversation import History
from tests.unit.messaging.exchange.importing.exports import Imported, imported, write_lines

REDACTED = "messages and edits that are redacted"


def event(number: int, sender: str, content: Any, **fields: Any) -> dict[str, Any]:
    return {
        "type": "m.room.message",
        "sender": sender,
        "origin_server_ts": 1_500_000_000_000 + number * 1000,
        "event_id": f"${number}",
        "content": content,
        **fields,
    }


def state(number: int, kind: str, content: Any, *, of: str = "", by: str = "@ann") -> Any:
    return event(number, of or by, content, type=f"m.room.{kind}", state_key=of)


def join(number: int, user_id: str, **content: str) -> Any:
    return state(number, "member", {"membership": "join", **content}, of=user_id)


def text(number: int, sender: str, body: str, **fields: Any) -> Any:
    return event(number, sender, {"msgtype": "m.text", "body": body}, **fields)


def edit(number: int, sender: str, target: int, body: str, **fields: Any) -> Any:
    content = {
        "body": f"* {body}",
        "m.new_content": {"body": body},
        "m.relates_to": {"rel_type": "m.replace", "event_id": f"${target}"},
    }
    return event(number, sender, content, **fields)


def redaction(number: int, sender: str, target: int) -> Any:
    return event(number, sender, {}, type="m.room.redaction", redacts=f"${target}")


async def room(path: Path, *events: Any, named: bool = True) -> Imported:
    """Import a room of Ann and Bob."""
    begin = [state(0, "create", {}), join(1, "@ann"), join(2, "@bob")]
    if named:
        begin.append(state(3, "name", {"name": "Tea"}))
    write_lines(path / "rooms" / "!r1" / "events", [*begin, *events])
    return await imported("matrix", path)


async def test_an_edit_counts_only_if_it_is_of_the_sender(tmp_path: Path) -> None:
    events = (text(10, "@ann", "I owe 10"), edit(11, "@bob", 10, "I owe 99"))
    found = await room(tmp_path / "a", *events)

    assert found.texts == ["I owe 10"]
    assert found.messages[0].edited_at is None
    assert found.left_out["edits of messages of others"] == 1
    assert (await room(tmp_path / "b", *events, edit(12, "@ann", 10, "I owe 5"))).texts == [
        "I owe 5"
    ]


async def test_the_latest_edit_is_the_text(tmp_path: Path) -> None:
    found = await room(
        tmp_path, text(10, "@ann", "1"), edit(12, "@ann", 10, "3"), edit(11, "@ann", 10, "2")
    )
    assert found.texts == ["3"]


async def test_a_redaction_by_others_needs_the_server(tmp_path: Path) -> None:
    """The server kept the text of the first message, and redacted the third one."""
    applied = {"redacted_because": redaction(21, "@bob", 12)}
    found = await room(
        tmp_path,
        text(10, "@ann", "stays"),
        text(11, "@ann", "mine to delete"),
        text(12, "@ann", "redacted", unsigned=applied),
        redaction(20, "@bob", 10),
        redaction(21, "@ann", 11),
    )
    assert found.texts == ["stays", None, None]
    assert found.messages[2].deleted_at is not None
    assert found.messages[2].deleted_at.second == 21  # the time of the redaction
    assert found.left_out["deletions by others of messages that the export still has"] == 1


async def test_a_redacted_edit_becomes_no_message(tmp_path: Path) -> None:
    """Nothing tells an emptied edit from an emptied message."""
    relation = {"m.relates_to": {"rel_type": "m.replace", "event_id": "$10"}}
    found = await room(
        tmp_path,
        text(10, "@ann", "hello"),
        event(11, "@ann", {}),
        event(12, "@ann", relation),
        edit(13, "@ann", 10, "gone", unsigned={"redacted_because": redaction(20, "@ann", 13)}),
    )
    assert found.texts == ["hello"]
    assert found.left_out[REDACTED] == 3


async def test_people_see_what_was_sent_since_they_joined(tmp_path: Path) -> None:
    visibility = state(4, "history_visibility", {"history_visibility": "joined"})
    found = await room(
        tmp_path,
        visibility,
        text(10, "@ann", "before"),
        state(11, "member", {"membership": "invite"}, of="@cid"),
        text(12, "@ann", "after the invitation"),
        join(13, "@cid"),
        text(14, "@ann", "after"),
        join(15, "@cid", displayname="Cid"),
        join(16, "@dan"),
    )
    (group,) = found.conversations

    assert group.history is History.SINCE_JOINING
    people = {one.user_id: one.visible_from for one in group.participants.values()}
    assert people == {
        one.user_id: seq
        for one in group.participants.values()
        for name, seq in {"ann": 1, "bob": 1, "cid": 3, "dan": 4}.items()
        if name in one.user_id
    }


async def test_the_invited_see_what_was_sent_since_their_invitation(tmp_path: Path) -> None:
    found = await room(
        tmp_path,
        state(4, "history_visibility", {"history_visibility": "invited"}),
        text(10, "@ann", "before"),
        state(11, "member", {"membership": "invite"}, of="@cid"),
        text(12, "@ann", "after the invitation"),
        join(13, "@cid"),
    )
    (group,) = found.conversations
    assert [one.visible_from for one in group.participants.values()] == [1, 1, 2]


async def test_what_was_hidden_stays_hidden(tmp_path: Path) -> None:
    """Also after the room shows everything, and for people whose clock is behind."""
    late = join(15, "@cid") | {"origin_server_ts": 1}
    found = await room(
        tmp_path,
        state(4, "history_visibility", {"history_visibility": "joined"}),
        text(10, "@ann", "hidden"),
        state(11, "history_visibility", {"history_visibility": "shared"}),
        text(12, "@ann", "for all"),
        late,
    )
    (group,) = found.conversations
    assert group.history is History.SINCE_JOINING
    assert [one.visible_from for one in group.participants.values()] == [1, 1, 2]


async def test_a_shared_room_shows_everything(tmp_path: Path) -> None:
    found = await room(tmp_path, text(10, "@ann", "before"), join(11, "@cid"))
    (group,) = found.conversations
    assert group.history is History.FULL
    assert {one.visible_from for one in group.participants.values()} == {1}


async def test_a_person_has_the_latest_name_that_they_chose(tmp_path: Path) -> None:
    invited = {"membership": "invite", "displayname": "Bobby"}
    found = await room(
        tmp_path,
        join(10, "@bob", displayname="Bob"),
        join(12, "@bob", displayname="Robert"),
        join(11, "@bob", displayname="Rob"),
        state(13, "member", invited, of="@bob") | {"sender": "@ann"},
        text(14, "@ann", "hello"),
    )
    assert [one.name for one in found.people.values() if one.name] == ["Robert"]


async def test_who_has_left_is_found_by_a_position(tmp_path: Path) -> None:
    """So an erasure or an export of theirs finds their messages and reactions."""
    reaction = {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$10", "key": "👍"}}
    found = await room(
        tmp_path,
        join(4, "@cid"),
        join(5, "@dot"),
        text(10, "@cid", "of Cid"),
        event(11, "@dot", reaction, type="m.reaction"),
        state(20, "member", {"membership": "leave"}, of="@cid"),
        state(21, "member", {"membership": "leave"}, of="@dot"),
    )

    assert set(found.conversations[0].participants) == {"@ann", "@bob"}
    assert found.positions == ["@ann", "@bob", "@cid", "@dot"]
