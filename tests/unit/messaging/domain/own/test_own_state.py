"""What is derived for one participant, held against the messages themselves."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.changes.messages.deleting import deleted
from messaging.changes.needs import Known
from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.domain.own.archived import is_archived
from messaging.domain.own.facts import facts_of
from messaging.domain.own.state import current_mark
from messaging.domain.participant import Notify, OwnFlags, Preferences
from tests.unit.messaging import new_group, rename, send

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
PEOPLE = ("ann", "bob", "cid")
a_step: st.SearchStrategy[tuple[str, Any, list[str]]] = st.one_of(
    st.tuples(
        st.just("send"), st.sampled_from(PEOPLE), st.lists(st.sampled_from(PEOPLE), max_size=2)
    ),
    st.tuples(st.just("to_all"), st.just("ann"), st.just([])),
    st.tuples(st.just("delete"), st.integers(0, 12), st.just([])),
    st.tuples(st.just("report"), st.just(""), st.just([])),
)


@dataclass
class World:
    """A conversation and all its messages, as they were sent."""

    conversation: Conversation
    messages: dict[int, Message]

    def take(self, name: str, argument: Any, mentions: list[str]) -> None:
        match name:
            case "delete" if self.messages:
                seq = sorted(self.messages)[argument % len(self.messages)]
                current = replace(self.messages[seq], version=1)
                outcome = deleted(self.conversation, current, by="ann")
                self.conversation = outcome.conversation
                self.messages[seq] = replace(current, deleted_at=NOW)
            case "send" | "to_all":
                change: Any = send("c", argument, mentions=tuple(dict.fromkeys(mentions)))
                change = replace(change, mentions_all=name == "to_all")
                outcome = change.apply(self.conversation, Known())
                self.conversation = outcome.conversation
                assert outcome.message is not None
                self.messages[outcome.message.seq] = outcome.message
            case "report":
                before = replace(self.conversation, system_messages=True)
                outcome = rename("ann", f"Title {before.version}").apply(before, Known())
                self.conversation = outcome.conversation

    def others_after(self, user_id: str, since: int) -> bool:
        """Whether somebody else wrote something that is there."""
        return any(
            seq > since and message.sender_id != user_id and message.deleted_at is None
            for seq, message in self.messages.items()
        )

    def mentioned_seq(self, user_id: str, read_seq: int) -> int | None:
        """The latest mention; none if it was deleted."""
        mentions = [
            seq
            for seq, message in self.messages.items()
            if message.sender_id != user_id
            and (user_id in message.mentions or message.mentions_all)
        ]
        latest = max(mentions, default=0)
        if latest <= read_seq or self.messages[latest].deleted_at is not None:
            return None
        return latest


@given(
    before=st.lists(a_step, max_size=8),
    after=st.lists(a_step, max_size=8),
    user_id=st.sampled_from(PEOPLE),
    read=st.integers(0, 16),
)
def test_archived_and_mentioned(
    before: list[tuple[Any, ...]], after: list[tuple[Any, ...]], user_id: str, read: int
) -> None:
    """Whatever happens: the answer is right, or says that only the messages tell."""
    world = World(new_group(*PEOPLE), {})
    for step in before:
        world.take(*step)
    since = world.conversation.seq
    for step in after:
        world.take(*step)
    conversation = world.conversation
    facts = facts_of(conversation, user_id)
    read_seq = max(min(read, conversation.seq), facts.sent_seq)

    assert facts.mentioned_seq(read_seq) == world.mentioned_seq(user_id, read_seq)
    assert is_archived(facts, since, read_seq, NOW) in (
        not world.others_after(user_id, since),
        None,
    )
    quiet = Preferences(notify=Notify.MENTIONS)
    conversation = replace(conversation, preferences={user_id: quiet})
    mentioned_seq = world.mentioned_seq(user_id, read_seq)
    assert is_archived(facts_of(conversation, user_id), since, read_seq, NOW) is (
        mentioned_seq is None or mentioned_seq <= since
    )


@pytest.mark.parametrize(
    ("steps", "user_id", "archived"),
    [
        ([], "bob", True),
        ([("send", "ann", [])], "bob", False),
        ([("send", "bob", [])] * 3, "bob", True),
        ([("send", "ann", []), ("delete", 0, [])], "bob", True),
        ([("send", "ann", []), ("send", "bob", [])], "bob", False),
        ([("send", "bob", []), ("report", "", [])], "bob", True),
        ([("report", "", [])], "bob", True),
        ([("send", "cid", []), ("send", "ann", []), ("delete", 1, [])], "bob", False),
    ],
)
def test_the_usual_cases_need_no_message(
    steps: list[tuple[Any, ...]], user_id: str, archived: bool
) -> None:
    world = World(new_group(*PEOPLE), {})
    for step in steps:
        world.take(*step)

    assert is_archived(facts_of(world.conversation, user_id), 0, 0, NOW) is archived


def test_a_mute_that_is_over_is_none() -> None:
    world = World(new_group(*PEOPLE), {})
    world.take("send", "ann", [])
    for seconds, archived in ((1, True), (-1, False)):
        muted = Preferences(muted_until=NOW + timedelta(seconds=seconds))
        conversation = replace(world.conversation, preferences={"bob": muted})
        assert is_archived(facts_of(conversation, "bob"), 0, 0, NOW) is archived


def test_messages_of_an_earlier_release_tell_themselves() -> None:
    """It did not store who sent them."""
    world = World(new_group(*PEOPLE), {})
    world.take("send", "bob", [])
    conversation = replace(world.conversation, last_sender_id="", other_seq=0)

    assert is_archived(facts_of(conversation, "bob"), 0, 0, NOW) is None


def test_a_mark_ends_with_the_next_read_position() -> None:
    flags = OwnFlags(marked_unread=2, marked_read_seq=3)

    assert [current_mark(flags, read_seq) for read_seq in (2, 3, 4)] == [2, 2, None]
    assert current_mark(OwnFlags(), 0) is None
