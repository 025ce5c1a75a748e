"""Each check finds what it is there for, and nothing in what is right."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos import checks
from tests.chaos.checks import Check, Evidence
from tests.chaos.ledger import Ledger, Sent
from tests.clients.known import Known, Stay, Violation, Wrong
from tests.clients.rest import Data
from tests.clients.view import View

ROOM = "room"
PEOPLE = ("ann", "bob")


class Seen(View):
    """What somebody has seen, without ever asking."""

    def load(self, conversation_id: str, known: Known) -> None:
        raise NotImplementedError

    def sync(self, conversation_id: str, known: Known) -> None:
        raise NotImplementedError


def message(seq: int) -> Data:
    return {
        "id": f"message-{seq}",
        "client_id": f"client-{seq}",
        "seq": seq,
        "version": seq,
        "sender_id": "ann",
        "text": f"text {seq}",
        "deleted_at": None,
    }


def view_of(user_id: str) -> Seen:
    view = Seen(user_id)
    messages = {f"message-{seq}": message(seq) for seq in (1, 2)}
    view.conversations[ROOM] = Known(
        stays=[Stay()],
        announced=0,
        on_wire=2,
        cursor=2,
        messages=messages,
        title="Room",
        people=frozenset(PEOPLE),
    )
    view.received = [(ROOM, 1), (ROOM, 2)]
    view.origins = {"instance-1"}
    return view


def evidence() -> Evidence:
    """Ann has said two things, Bob has seen them."""
    people = [{"user_id": user_id, "joined_version": 0} for user_id in PEOPLE]
    conversation = {
        "id": ROOM,
        "version": 0,
        "seq": 0,
        "title": "Room",
        "participants": people,
        "participant_count": len(people),
    }
    ledger = Ledger()
    ledger.founded(conversation, "Room")
    for seq in (1, 2):
        sent = Sent(f"client-{seq}", ROOM, "ann", f"text {seq}", began=0.0)
        ledger.sends[sent.client_id] = sent
        ledger.acknowledged(sent, message(seq), 1.0)
    ledger.reads[ROOM, "bob"] = 1
    conversation |= {"version": 2, "seq": 2}
    listed = {**conversation, "last_message": message(2)}
    return Evidence(
        ledger=ledger,
        conversations={ROOM: conversation},
        histories={ROOM: [message(1), message(2)]},
        receipts={ROOM: {"ann": 2, "bob": 1}},
        lists={
            "ann": {ROOM: {**listed, "read_seq": 2, "unread_count": 0}},
            "bob": {ROOM: {**listed, "read_seq": 1, "unread_count": 1}},
        },
        views=[view_of("ann"), view_of("bob")],
        instance_ids=frozenset({"instance-1"}),
    )


def with_history(found: Evidence, *messages: Data) -> Evidence:
    return replace(found, histories={ROOM: list(messages)})


def with_conversation(found: Evidence, **fields: Any) -> Evidence:
    return replace(found, conversations={ROOM: {**found.conversations[ROOM], **fields}})


def test_what_is_right_passes() -> None:
    """No check finds anything."""
    assert checks.find_all(evidence()) == []


def lost_in_the_store(found: Evidence) -> Evidence:
    return with_history(found, message(1))


def stored_twice(found: Evidence) -> Evidence:
    return with_history(found, message(1), message(2), {**message(2), "id": "other", "seq": 3})


def stored_though_refused(found: Evidence) -> Evidence:
    sent = found.ledger.sends["client-2"]
    sent.refused, sent.acknowledged_at = True, None
    return found


def stored_elsewhere(found: Evidence) -> Evidence:
    return with_history(found, message(1), {**message(2), "seq": 3})


def a_hole_in_the_numbers(found: Evidence) -> Evidence:
    return with_conversation(found, seq=3)


def a_version_too_many(found: Evidence) -> Evidence:
    return with_conversation(found, version=3)


def a_lost_edit(found: Evidence) -> Evidence:
    found.ledger.contents["message-1"] = {"edited"}
    return found


def a_lost_deletion(found: Evidence) -> Evidence:
    found.ledger.contents["message-1"] = {None}
    return found


def a_lost_title(found: Evidence) -> Evidence:
    found.ledger.titles[ROOM] = {"Another"}
    return found


def a_lost_removal(found: Evidence) -> Evidence:
    found.ledger.members[ROOM]["bob"] = {False}
    return found


def a_lost_read_position(found: Evidence) -> Evidence:
    found.ledger.reads[ROOM, "bob"] = 2
    return found


def never_arrived(found: Evidence) -> Evidence:
    del found.views[1].conversations[ROOM].messages["message-1"]
    return found


def an_old_version_kept(found: Evidence) -> Evidence:
    found.views[1].conversations[ROOM].messages["message-1"] = {**message(1), "text": "old"}
    return found


def not_up_to_date(found: Evidence) -> Evidence:
    found.views[1].conversations[ROOM].cursor = 1
    return found


def never_told(found: Evidence) -> Evidence:
    found.views[1].conversations.clear()
    return found


def an_old_title(found: Evidence) -> Evidence:
    found.views[1].conversations[ROOM].title = "Old"
    return found


def other_people(found: Evidence) -> Evidence:
    found.views[1].conversations[ROOM].people = frozenset({"ann"})
    return found


def not_told_of_the_removal(found: Evidence) -> Evidence:
    people = [{"user_id": "ann", "joined_version": 0}]
    return with_conversation(found, participants=people)


def with_listed(found: Evidence, user_id: str, **fields: Any) -> Evidence:
    item = {**found.lists[user_id][ROOM], **fields}
    return replace(found, lists={**found.lists, user_id: {ROOM: item}})


def not_listed(found: Evidence) -> Evidence:
    return replace(found, lists={**found.lists, "bob": {}})


def too_many_unread(found: Evidence) -> Evidence:
    return with_listed(found, "bob", unread_count=2)


def too_few_unread(found: Evidence) -> Evidence:
    return with_listed(found, "bob", unread_count=0)


def own_message_unread(found: Evidence) -> Evidence:
    return with_listed(found, "ann", read_seq=1, unread_count=1)


def an_old_latest_message(found: Evidence) -> Evidence:
    return with_listed(found, "bob", last_message=message(1))


def people_counted_wrongly(found: Evidence) -> Evidence:
    return with_listed(found, "bob", participant_count=3)


def heard_after_the_removal(found: Evidence) -> Evidence:
    found.views[0].people[ROOM, 1] = ("participant.removed", ("bob",))
    return found


def from_nowhere(found: Evidence) -> Evidence:
    found.views[0].origins.add("instance-9")
    return found


def wrong_on_the_way(found: Evidence) -> Evidence:
    found.views[0].violations.append(Violation(Wrong.DOUBLED, "as the view says"))
    return found


def answered_wrongly(found: Evidence) -> Evidence:
    found.ledger.answered_wrongly.append(Violation(Wrong.BROKEN, "as the traffic says"))
    return found


SPOILED: Mapping[Callable[[Evidence], Evidence], tuple[Check, Wrong]] = {
    lost_in_the_store: (checks.acknowledged_is_stored_once, Wrong.LOST),
    stored_twice: (checks.acknowledged_is_stored_once, Wrong.DOUBLED),
    stored_though_refused: (checks.acknowledged_is_stored_once, Wrong.BROKEN),
    stored_elsewhere: (checks.acknowledged_is_stored_once, Wrong.BROKEN),
    a_hole_in_the_numbers: (checks.numbers_have_no_holes, Wrong.BROKEN),
    a_version_too_many: (checks.numbers_have_no_holes, Wrong.BROKEN),
    a_lost_edit: (checks.changes_are_kept, Wrong.LOST),
    a_lost_deletion: (checks.changes_are_kept, Wrong.LOST),
    a_lost_title: (checks.changes_are_kept, Wrong.LOST),
    a_lost_removal: (checks.changes_are_kept, Wrong.LOST),
    a_lost_read_position: (checks.changes_are_kept, Wrong.LOST),
    never_arrived: (checks.everybody_has_everything, Wrong.LOST),
    an_old_version_kept: (checks.everybody_has_everything, Wrong.LOST),
    not_up_to_date: (checks.everybody_has_everything, Wrong.LOST),
    never_told: (checks.everybody_has_everything, Wrong.LOST),
    an_old_title: (checks.everybody_has_everything, Wrong.LOST),
    other_people: (checks.everybody_has_everything, Wrong.LOST),
    not_told_of_the_removal: (checks.everybody_has_everything, Wrong.LEAKED),
    not_listed: (checks.lists_show_what_is_stored, Wrong.LOST),
    too_many_unread: (checks.lists_show_what_is_stored, Wrong.BROKEN),
    too_few_unread: (checks.lists_show_what_is_stored, Wrong.BROKEN),
    own_message_unread: (checks.lists_show_what_is_stored, Wrong.BROKEN),
    an_old_latest_message: (checks.lists_show_what_is_stored, Wrong.BROKEN),
    people_counted_wrongly: (checks.lists_show_what_is_stored, Wrong.BROKEN),
    heard_after_the_removal: (checks.nobody_gets_what_came_after_their_removal, Wrong.LEAKED),
    from_nowhere: (checks.events_say_where_they_come_from, Wrong.BROKEN),
    wrong_on_the_way: (checks.nothing_was_wrong_on_the_way, Wrong.DOUBLED),
    answered_wrongly: (checks.nothing_was_wrong_on_the_way, Wrong.BROKEN),
}


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda spoil: spoil.__name__)
def test_what_is_wrong_is_found(spoil: Callable[[Evidence], Evidence]) -> None:
    """By the check that is there for it."""
    check, wrong = SPOILED[spoil]

    found = [violation.wrong for violation in check(spoil(evidence()))]

    assert wrong in found


def test_a_deleted_message_may_count_as_unread() -> None:
    """An instance of an earlier release may have deleted it."""
    deleted = {**message(2), "deleted_at": "2026-01-01T00:00:00.000Z", "text": ""}
    found = with_history(evidence(), message(1), deleted)
    found = with_listed(found, "bob", last_message=deleted)

    for unread in (0, 1):
        spoiled = with_listed(found, "bob", unread_count=unread)
        wrong = [one for one in checks.lists_show_what_is_stored(spoiled) if "bob" in one.text]
        assert not wrong


def test_every_check_is_tried() -> None:
    """None is there that finds nothing."""
    assert {check for check, _ in SPOILED.values()} == set(checks.CHECKS)


def test_one_hears_again_after_coming_back() -> None:
    """What was said between is not theirs, what came later is."""
    found = evidence()
    found.views[0].people[ROOM, 1] = ("participant.removed", ("bob",))
    found.views[0].joined.add((ROOM, "bob", 2))

    assert list(checks.nobody_gets_what_came_after_their_removal(found)) == []
