"""What a client holds of its conversations, and what it calls wrong."""

from typing import Any

from tests.clients.known import Known, Wrong
from tests.clients.rest import Data
from tests.clients.view import View

ME = "me-myself"
C = "conversation"


class Notebook(View):
    """Notes what it would ask for."""

    def __init__(self) -> None:
        super().__init__(ME)
        self.loads: list[str] = []
        self.syncs: list[int | None] = []

    def load(self, conversation_id: str, known: Known) -> None:
        self.loads.append(conversation_id)

    def sync(self, conversation_id: str, known: Known) -> None:
        known.latest_sync = len(self.syncs)
        self.syncs.append(known.cursor)

    @property
    def wrongs(self) -> list[Wrong]:
        return [violation.wrong for violation in self.violations]

    def known(self) -> Known:
        return self.conversations[C]


def event(kind: str, data: Data, **more: Any) -> Data:
    return {"type": kind, "event_id": "1", "instance_id": "here", "data": data, **more}


def hello(version: int | None, *, truncated: bool = False, epoch: str = "one") -> Data:
    named = {} if version is None else {C: {"version": version, "seq": version}}
    data = {"conversations": named, "truncated": truncated, "degraded": False, "epoch": epoch}
    return event("hello", data)


def message(seq: int, version: int | None = None, **more: Any) -> Data:
    return {
        "id": f"message-{seq}",
        "seq": seq,
        "version": version or seq,
        "edited_at": None,
        "deleted_at": None,
        **more,
    }


def durable(kind: str, version: int, data: Data) -> Data:
    return event(kind, data, conversation_id=C, version=version) | {"event_id": f"{C}.{version}"}


def created(version: int) -> Data:
    return durable("message.created", version, {"message": message(version)})


def people(kind: str, version: int, user_id: str) -> Data:
    data = {"participants": [{"user_id": user_id, "joined_version": version}], "by": "owner"}
    return durable(kind, version, data)


def conversation(version: int, *, joined: int = 0) -> Data:
    return {
        "id": C,
        "version": version,
        "seq": version,
        "title": "Title",
        "participants": [{"user_id": ME, "joined_version": joined}],
    }


def loaded(version: int) -> Notebook:
    """A client that has everything up to this version, of which each was a message."""
    view = Notebook()
    view.take(hello(version), 0.0)
    messages = [message(seq) for seq in range(1, version + 1)]
    view.take_loaded(C, view.known(), conversation(version), messages)
    return view


def changes(since: int, version: int, *messages: Data) -> Data:
    data = {"since": since, "messages": list(messages), "conversation": conversation(version)}
    return durable("conversation.changes", version, data)


def test_events_in_their_order_are_applied() -> None:
    """A message, an edit of another, and changes that stand for several."""
    view = loaded(2)
    edited = message(1, 4, edited_at="later", text="new")

    view.take(created(3), 1.0)
    view.take(durable("message.updated", 4, {"message": edited}), 1.0)
    view.take(changes(4, 7, message(4, 6)), 1.0)

    assert view.known().cursor == 7
    assert view.known().messages["message-1"] == edited
    assert sorted(view.known().messages) == [f"message-{seq}" for seq in (1, 2, 3, 4)]
    assert view.wrongs == []
    assert view.syncs == []


def test_the_same_version_twice() -> None:
    """Doubled; it changes nothing."""
    view = loaded(2)

    for _ in range(2):
        view.take(created(3), 1.0)

    assert view.wrongs == [Wrong.DOUBLED]


def test_a_version_that_falls() -> None:
    """Not in order."""
    view = loaded(2)

    view.take(changes(2, 4), 1.0)
    view.take(created(3), 1.0)

    assert view.wrongs == [Wrong.DISORDERED]


def test_a_hole_of_which_nobody_told() -> None:
    """It is wrong, and healed by a sync from the cursor."""
    view = loaded(2)

    view.take(created(4), 1.0)

    assert view.wrongs == [Wrong.HOLE]
    assert view.syncs == [2]
    answer = {"status": "ok", "messages": [message(3)], "conversation": conversation(3)}
    view.take_changes(C, view.known(), {**answer, "version": 3, "more": False})
    assert view.known().cursor == 4


def test_a_hole_that_was_announced() -> None:
    """`resync` makes it a sync, and nothing is wrong."""
    view = loaded(2)

    view.take(event("resync", {"conversation_id": C}, conversation_id=C), 1.0)
    view.take(created(9), 1.0)

    assert view.wrongs == []
    assert view.syncs[0] == 2


def test_what_comes_after_the_own_removal() -> None:
    """Neither durable nor soft events may."""
    view = loaded(2)
    view.take(people("participant.removed", 3, ME), 1.0)

    view.take(created(4), 1.0)
    view.take(event("typing.started", {}, conversation_id=C), 1.0)

    assert view.wrongs == [Wrong.LEAKED, Wrong.LEAKED]
    assert not view.inside(C)


def test_what_one_was_never_told_of() -> None:
    """Nobody may get events of a conversation that they do not know."""
    view = Notebook()
    view.take(hello(None), 0.0)

    view.take(created(1), 1.0)

    assert view.wrongs == [Wrong.LEAKED]


def test_events_without_an_instance() -> None:
    """Each says where it comes from."""
    view = loaded(1)

    view.take(event("typing.started", {}, conversation_id=C) | {"instance_id": ""}, 1.0)

    assert view.wrongs == [Wrong.BROKEN]


def test_a_new_socket_that_is_ahead() -> None:
    """One syncs from where one was; what `hello` names is the floor of the new socket."""
    view = loaded(2)
    view.begin()

    view.take(hello(5), 2.0)
    view.take(created(5), 2.0)

    assert view.syncs == [2]
    assert view.wrongs == [Wrong.DISORDERED]


def test_a_new_socket_that_does_not_name_a_conversation() -> None:
    """One was removed meanwhile, unless the list is truncated."""
    for truncated in (True, False):
        view = loaded(2)
        view.begin()

        view.take(hello(None, truncated=truncated), 2.0)

        assert view.inside(C) is truncated


def test_added_again_while_nobody_said_removed() -> None:
    """Right where one joined above what one has seen, wrong where one was told already."""
    view = loaded(2)

    view.take(event("conversation.added", {"conversation": conversation(6, joined=5)}), 1.0)

    assert view.wrongs == []
    assert view.loads == [C, C]
    view.take(event("conversation.added", {"conversation": conversation(6, joined=5)}), 1.0)
    assert view.wrongs == [Wrong.DOUBLED]


def test_reset() -> None:
    """Everything is let go and loaded again."""
    view = loaded(2)
    view.sync(C, view.known())

    view.take_changes(C, view.known(), {"status": "reset", "version": 8})

    assert view.loads == [C, C]
    assert view.known().messages == {}


def test_forbidden_is_the_end_before_the_socket_says_so() -> None:
    """What the socket still says of it is not wrong, until it has said that it is over."""
    view = loaded(2)
    view.sync(C, view.known())
    view.take_changes(C, view.known(), {"status": "forbidden", "version": 0})

    view.take(created(3), 1.0)
    view.take(event("conversation.removed", {}, conversation_id=C), 1.0)
    assert view.wrongs == []
    view.take(created(4), 1.0)
    assert view.wrongs == [Wrong.LEAKED]


def test_deleted_messages_are_unread_for_nobody() -> None:
    """Those that the conversation names, and those that are deleted from then on."""
    view = Notebook()
    view.take(hello(6), 0.0)
    messages = [message(seq) for seq in range(1, 7)]
    view.take_loaded(C, view.known(), {**conversation(6), "uncounted": [[1, 1], [4, 5]]}, messages)
    assert view.unread(C, 0) == 3
    assert view.unread(C, 2) == 2

    tombstone = message(3, 7, deleted_at="2026-01-31T12:00:00.000Z")
    view.take(durable("message.deleted", 7, {"message": tombstone}), 0.0)
    assert view.unread(C, 2) == 1

    view.take(durable("conversation.updated", 8, {"conversation": conversation(8)}), 0.0)
    assert view.unread(C, 2) == 4
    assert view.violations == []
