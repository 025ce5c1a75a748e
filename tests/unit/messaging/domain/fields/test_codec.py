"""A new field of a message is stored, sent and read everywhere without further code."""

import ast
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from google.cloud.firestore_v1 import types

from chat.rest.openapi.derived_shapes import derived_shape
from messaging.delivery.message_state import MessageForm
from messaging.domain.change import COMMIT_TIME
from messaging.domain.fields.codec import ATTRIBUTE, Conversions, copier, reader, stamper, writer
from messaging.domain.message import Message
from messaging.domain.participant import Notify
from messaging.stores.firestore.documents.messages import MessageDocuments
from messaging.stores.firestore.values import ABSENT, is_null, write_fields
from messaging.stores.sql import rows
from messaging.wire.representations import SHOWN
from tests.samples import sample_message

REPOSITORY = Path(__file__).parents[5]
THEN = datetime(2026, 1, 1, microsecond=678_000, tzinfo=UTC)
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterMessage(Message):
    """One of a later release, with a field of every type."""

    weight: int = 0
    silent: bool = False
    language: str = "en"
    note: str | None = None
    forwarded_from: int | None = None
    remind_at: datetime | None = None
    level: Notify = Notify.MENTIONS
    other_level: Notify | None = None
    tags: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


MESSAGE = sample_message(created_at=THEN, edited_at=THEN, created_version=4)
BARE = LaterMessage(**{one.name: getattr(MESSAGE, one.name) for one in fields(MESSAGE)})
FULL = replace(
    BARE,
    weight=3,
    silent=True,
    language="de",
    note="a note",
    forwarded_from=5,
    remind_at=NOW,
    level=Notify.NONE,
    other_level=Notify.ALL,
    tags=("a", "b"),
    counts={"👍": 2},
)


def through_sql_columns(message: LaterMessage) -> LaterMessage:
    write = writer(LaterMessage, rows.WRITTEN, build=SimpleNamespace)
    return reader(LaterMessage, rows.READ, source=ATTRIBUTE)(write(message))


def through_sql_json(message: LaterMessage) -> LaterMessage:
    """The latest message of a conversation, as SQLite makes an object of its row."""
    columns = writer(LaterMessage, rows.WRITTEN)(message)
    stored = {
        name: value.replace(tzinfo=None).isoformat(" ")
        if isinstance(value, datetime)
        else int(value)
        if isinstance(value, bool)
        else value
        for name, value in columns.items()
    }
    return reader(LaterMessage, rows.READ_JSON)(json.loads(json.dumps(stored)))


def through_firestore(message: LaterMessage) -> LaterMessage:
    documents = MessageDocuments(LaterMessage)
    return documents.decode(
        stored_fields(documents.encode(message)), message.id, message.conversation_id
    )


def stored_fields(values: Mapping[str, Any]) -> Any:
    document = types.Document.pb(types.Document())
    assert write_fields(document.fields, values) == []
    return types.Document.pb(types.Document.deserialize(document.SerializeToString())).fields


def through_link(message: LaterMessage) -> LaterMessage:
    form = MessageForm(LaterMessage)
    found: LaterMessage = sent(message, form, form)
    return found


def sent(message: Any, sender: MessageForm[Any], receiver: MessageForm[Any]) -> Any:
    data = msgspec.msgpack.encode(sender.writer(sender.fields)(message))
    state: Any = msgspec.msgpack.decode(data, type=receiver.fields)
    return receiver.read(state.last_message, state, message.conversation_id)


@pytest.mark.parametrize("message", [BARE, FULL], ids=["bare", "full"])
@pytest.mark.parametrize(
    "through", [through_sql_columns, through_sql_json, through_firestore, through_link]
)
def test_a_new_field_arrives(
    through: Callable[[LaterMessage], LaterMessage], message: LaterMessage
) -> None:
    found = through(message)

    assert found == message
    assert repr(found) == repr(message)  # to Python 1 equals True


def test_a_document_of_an_earlier_release_has_the_defaults() -> None:
    stored = stored_fields(MessageDocuments(Message).encode(MESSAGE))

    found = MessageDocuments(LaterMessage).decode(stored, MESSAGE.id, MESSAGE.conversation_id)

    assert found == BARE


def test_an_earlier_release_reads_the_document_of_a_later_one() -> None:
    stored = stored_fields(MessageDocuments(LaterMessage).encode(FULL))

    found = MessageDocuments(Message).decode(stored, FULL.id, FULL.conversation_id)

    assert found == MESSAGE


def test_two_releases_send_each_other_messages() -> None:
    """The earlier one skips what it does not know; the later one has the defaults."""
    later, earlier = MessageForm(LaterMessage), MessageForm(Message)

    assert sent(FULL, later, earlier) == MESSAGE
    assert sent(MESSAGE, earlier, later) == BARE


def test_new_fields_leave_the_array_as_it_was() -> None:
    """Earlier releases unpack an array of twelve."""
    arrays = []
    for form, message in ((MessageForm(LaterMessage), FULL), (MessageForm(Message), MESSAGE)):
        carrier = form.writer(form.fields)(message)
        arrays.append(msgspec.to_builtins(carrier)["last_message"])

    assert arrays[0] == arrays[1]
    assert len(arrays[0]) == 12


def test_every_time_of_a_commit_is_stamped() -> None:
    committed = replace(FULL, created_at=COMMIT_TIME, remind_at=COMMIT_TIME)

    assert stamper(LaterMessage)(committed, NOW) == replace(FULL, created_at=NOW, remind_at=NOW)


def test_a_copy_changes_what_it_is_given() -> None:
    copy = copier(LaterMessage, "weight", "tags")(FULL, weight=4, tags=())

    assert copy == replace(FULL, weight=4, tags=())


def test_a_new_field_is_shown_to_clients() -> None:
    """As soon as it is named among those that they see."""
    show = writer(LaterMessage, SHOWN, only=["id", "remind_at", "level", "tags", "counts", "note"])

    assert show(FULL) == {
        "id": MESSAGE.id,
        "remind_at": "2026-01-02T00:00:00.000Z",
        "level": "none",
        "tags": ["a", "b"],
        "counts": {"👍": 2},
        "note": "a note",
    }


def test_a_new_field_is_described() -> None:
    """With its type, and whether it may be null."""
    shape = derived_shape("Later", LaterMessage, ["weight", "remind_at", "tags", "level"])()

    assert {name: type(one).__name__ for name, one in shape.fields.items()} == {
        "weight": "IntegerField",
        "remind_at": "DateTimeField",
        "tags": "ListField",
        "level": "ChoiceField",
    }
    assert [name for name, one in shape.fields.items() if one.allow_null] == ["remind_at"]


def test_a_type_without_conversion_is_refused_when_the_codec_is_made() -> None:
    nothing = Conversions(types={str: None}, enumeration=lambda _: str)

    with pytest.raises(TypeError, match="no conversion of <class 'int'>"):
        writer(Message, nothing)


class Mood(StrEnum):
    """An enumeration that a developer has just added."""

    GOOD = "good"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodyMessage(Message):
    mood: Mood = Mood.GOOD


@pytest.mark.parametrize(
    "make",
    [
        lambda entity: reader(entity, rows.READ),
        lambda entity: reader(entity, rows.READ_JSON),
        MessageDocuments,
        MessageForm,
    ],
    ids=["sql", "sql_json", "firestore", "link"],
)
def test_an_enumeration_without_a_default_is_refused_when_the_codec_is_made(
    make: Callable[[Any], Any],
) -> None:
    """Not at the first read of a value, which may be long after the release."""
    with pytest.raises(TypeError, match="no default for an unknown value of Mood"):
        make(MoodyMessage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    counts: Mapping[str, int] = field(default_factory=lambda: {"seen": 0})


@pytest.mark.parametrize("absent", [KeyError, None])
def test_each_entity_has_a_default_of_its_own(absent: object) -> None:
    """What a factory makes for one is not given to the next."""
    conversions = Conversions(types={Mapping[str, int]: None}, enumeration=lambda _: str)
    read = reader(Counted, conversions, absent=absent)

    one, other = read({}), read({})

    assert one.counts == other.counts == {"seen": 0}
    assert one.counts is not other.counts
    assert read({"counts": {"seen": 2}}).counts == {"seen": 2}


def test_what_firestore_says_of_an_absent_field() -> None:
    """The stand-in from which codecs learn it answers as Firestore's own empty value."""
    value = types.Value.pb(types.Value())

    for name in ("boolean_value", "integer_value", "string_value"):
        assert getattr(ABSENT, name) == getattr(value, name)
    assert not list(value.array_value.values)
    assert not list(value.map_value.fields)
    assert is_null(ABSENT)
    assert is_null(types.Value.pb(types.Value()))
    assert not value.HasField("timestamp_value")


def listings(path: Path) -> Iterator[set[str]]:
    """The names that each class, call, dict or sequence of a file lists."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.ClassDef():
                assigned = [one for one in node.body if isinstance(one, ast.Assign)]
                targets = [one.targets[0] for one in assigned]
                targets += [one.target for one in node.body if isinstance(one, ast.AnnAssign)]
                yield {one.id for one in targets if isinstance(one, ast.Name)}
            case ast.Call():
                yield {one.arg for one in node.keywords if one.arg is not None}
            case ast.Dict():
                yield _texts(node.keys)
            case ast.Tuple() | ast.List() | ast.Set():
                yield _texts(node.elts)


def _texts(nodes: Iterable[ast.expr | None]) -> set[str]:
    constants = {one.value for one in nodes if isinstance(one, ast.Constant)}
    return {one for one in constants if isinstance(one, str)}


def test_the_fields_of_a_message_are_listed_in_four_places() -> None:
    """The dataclass, the table, what clients see, and what the API's documentation says of it: a
    new field is added there, and nowhere else."""
    names = {one.name for one in fields(Message)} - {"conversation_id"}
    places = {
        str(path.relative_to(REPOSITORY))
        for package in ("messaging", "chat", "config")
        for path in (REPOSITORY / package).rglob("*.py")
        if "migrations" not in path.parts
        and any(len(names - listed) <= 1 for listed in listings(path))
    }

    assert places == {
        "messaging/domain/message.py",
        "messaging/models/conversations.py",
        "messaging/wire/representations.py",
        "chat/rest/openapi/words.py",
    }
