"""The people of imported conversations: roles, names, and the direct conversation of two."""

from pathlib import Path
from typing import Any

from messaging.domain.conversation import ConversationKind
from messaging.domain.identifiers import direct_conversation_id
from messaging.domain.participant import Role
from tests.unit.messaging.exchange.importing.exports import imported, write_lines


def channel(id_: str, *members: str, by: str = "ann") -> list[Any]:
    item = {"id": id_, "type": "team", "created_by": by, "member_ids": list(members), "name": id_}
    return [{"type": "channel", "item": item}]


def message(channel_id: str, sender: str, day: int) -> Any:
    item = {
        "id": f"{channel_id} {day}",
        "channel_type": "team",
        "channel_id": channel_id,
        "user": sender,
        "text": "hello",
        "created_at": f"2020-01-{day:02}T00:00:00Z",
    }
    return {"type": "message", "item": item}


def member(channel_id: str, user_id: str, **fields: Any) -> Any:
    item = {"channel_type": "team", "channel_id": channel_id, "user_id": user_id, **fields}
    return {"type": "member", "item": item}


async def test_both_people_of_a_direct_conversation_are_members(tmp_path: Path) -> None:
    """An owner could write while it is frozen."""
    lines = [
        *channel("!members-1", "ann", "bob"),
        member("!members-1", "bob", channel_role="owner"),
        message("!members-1", "ann", 1),
    ]
    found = await imported("stream", write_lines(tmp_path / "a.jsonl", lines))
    (direct,) = found.conversations

    assert direct.kind is ConversationKind.DIRECT
    assert {one.role for one in direct.participants.values()} == {Role.MEMBER}


async def test_a_direct_conversation_of_three_is_a_group_with_an_owner(tmp_path: Path) -> None:
    lines = [*channel("!members-1", "bob", "cid", "ann", by="dan"), message("!members-1", "ann", 1)]
    found = await imported("stream", write_lines(tmp_path / "a.jsonl", lines))
    (group,) = found.conversations

    assert group.kind is ConversationKind.GROUP
    assert [one.role for one in group.participants.values()] == [
        Role.OWNER,
        Role.MEMBER,
        Role.MEMBER,
    ]


async def test_the_older_of_two_rooms_of_the_same_people_is_their_direct_one(
    tmp_path: Path,
) -> None:
    lines = [
        *channel("!members-1", "ann", "bob"),
        *channel("!members-2", "bob", "ann"),
        message("!members-1", "ann", 3),
        message("!members-2", "bob", 2),
    ]
    found = await imported("stream", write_lines(tmp_path / "a.jsonl", lines))
    direct, group = found.conversations

    assert found.problems == []
    assert direct.id == direct_conversation_id("ann", "bob")
    assert direct.created_at.day == 2
    assert (group.kind, group.title) == (ConversationKind.GROUP, "!members-1")
    assert group.participants["ann"].role is Role.OWNER
    assert len(found.messages) == 2


async def test_the_highest_role_stays(tmp_path: Path) -> None:
    """The channel names its members without their roles."""
    lines = [
        *channel("tea", "ann", "bob", "cid"),
        member("tea", "bob", is_moderator=True),
        member("tea", "bob"),
        message("tea", "ann", 1),
    ]
    found = await imported("stream", write_lines(tmp_path / "a.jsonl", lines))
    (group,) = found.conversations
    assert group.participants["bob"].role is Role.ADMIN


async def test_the_latest_name_of_a_sender_stays(tmp_path: Path) -> None:
    export = tmp_path / "a.csv"
    export.write_text(
        "conversation,sender,sender_name,sent_at,text\n"
        "tea,ann,,2020-01-01T00:00:00Z,1\n"
        "tea,ann,Annie,2020-01-03T00:00:00Z,3\n"
        "tea,ann,Ann,2020-01-02T00:00:00Z,2\n"
        "tea,ann, ,2020-01-04T00:00:00Z,4\n"
    )
    found = await imported("csv", export)
    assert found.people["ann"].name == "Annie"
