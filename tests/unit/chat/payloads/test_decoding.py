"""The structs accept what the serializers accept, and nothing else."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework import serializers as rest
from rest_framework.serializers import Serializer

from chat.errors import problem_of
from chat.exceptions import InvalidJSON
from chat.payloads import serializers
from chat.payloads.decoding import CommandDecoder, DocumentDecoder, NotAccepted
from chat.payloads.fields import StrictCharField, StrictSerializer
from chat.payloads.parsers import parse_json
from chat.payloads.serializers import validated
from chat.socket import commands
from chat.socket.frames import Unreadable, parse_command

_patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
_short, _long = settings(_patient, max_examples=30), settings(_patient, max_examples=1_000)

COMMANDS = {name: command.serializer for name, command in commands.COMMANDS.items()}
BODIES = [
    serializers.SendMessage,
    serializers.MarkRead,
    serializers.CreateConversation,
    serializers.AddParticipants,
]


def one_of(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    """As `sampled_from`, which would print them all."""
    return st.integers(0, len(values) - 1).map(lambda index: values[index])


_CHARACTERS = st.characters(codec=None) | st.sampled_from("\ud800\udfff\x00\r\n\t\u200b\ufeff👋")
_STRINGS = st.text(_CHARACTERS, max_size=8) | one_of(
    ["", "a" * 64, "a" * 65, "a" * 128, "👋" * 128, "a" * 129, "\r\n" * 10_000, "\r" * 10_001]
)
_NUMBERS = (
    st.integers()
    | st.floats()
    | st.sampled_from([0, -1, 1.0, -0.0, 2**53 - 1, 2**53, 2**63, 2**64, 10**400, True])
)
_LISTS = st.lists(_STRINGS, max_size=3) | one_of([["a"] * 1_000, ["a"] * 1_001, [1] * 99])
_MAPS = st.dictionaries(_STRINGS, _NUMBERS, max_size=3) | one_of(
    [dict.fromkeys(map(str, range(count)), 0) for count in (100, 101)]
)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _STRINGS | _LISTS | _MAPS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_STRINGS, inner, max_size=3),
    max_leaves=5,
)
_RIGHT: dict[str, st.SearchStrategy[Any]] = {
    "conversation_id": st.text(min_size=1, max_size=128),
    "text": st.text(max_size=50) | one_of(["a" * 10_000, "\r\n" * 10_000]),
    "client_id": st.text(max_size=128),
    "reply_to": st.none() | st.text(min_size=1),
    "mentions": st.lists(st.text(min_size=1, max_size=128), max_size=3),
    "seq": st.integers(0, 2**53 - 1),
    "conversations": st.dictionaries(st.text(), st.integers(0, 2**53 - 1), min_size=1),
    "token": st.text(min_size=1),
    "since": st.datetimes(timezones=st.none() | st.timezones()).map(lambda at: at.isoformat())
    | one_of(["2026-01-31T12:00:00.000Z", "2026-01-31", "0001-01-01T00:00:00+14:00", "now"]),
    "user_ids": st.lists(st.text(min_size=1, max_size=128), max_size=3),
    "active": st.booleans(),
    "mentions_all": st.booleans(),
    "metadata": st.none() | st.dictionaries(_STRINGS, _ANYTHING, max_size=2),
    "message_id": st.text(min_size=1, max_size=128),
    "attachments": st.lists(st.text(min_size=1, max_size=128), max_size=3),
    "clear": st.booleans(),
    "kind": one_of(["direct", "group"]),
    "participant_ids": st.lists(st.text(min_size=1, max_size=128), max_size=3),
    "title": st.none() | st.text(max_size=50) | one_of(["a" * 200, "a" * 201]),
    "picture": st.none() | st.text(max_size=50),
    "posting": one_of(["all", "admins", "nobody"]),
    "history": one_of(["full", "since_joining"]),
    "system_messages": st.booleans(),
    "role": one_of(["member", "admin", "owner"]),
    "emoji": st.text(min_size=1, max_size=128),
}


@st.composite
def documents(draw: st.DrawFn, serializer_class: type[Serializer[Any]]) -> dict[str, Any]:
    """Mostly right; often one field is missing, or something else, or too many."""
    fields = serializer_class().fields
    document = {
        name: draw(_RIGHT[name])
        for name, field in fields.items()
        if field.required or draw(st.booleans())
    }
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from([*fields, "x"]) | _STRINGS)
        if name in document and draw(st.booleans()):
            del document[name]
        else:
            document[name] = draw(_ANYTHING)
    names = draw(st.permutations(list(document)))
    return {name: document[name] for name in names}


@st.composite
def written(draw: st.DrawFn, document: dict[str, Any]) -> str:
    """As some client writes it: escaped or not, now and then with a name that stands twice."""
    ascii_only = draw(st.booleans())
    text = json.dumps(document, ensure_ascii=ascii_only)
    if any("\ud800" <= character <= "\udfff" for character in text):
        text = json.dumps(document)
    if document and draw(st.integers(0, 9)) == 0:
        name, value = next(iter(document.items()))
        text = f"{text[:-1]},{json.dumps(name)}:{json.dumps(value)}}}"
    return text


def by_serializer(serializer_class: type[Serializer[Any]], text: str) -> Any:
    """The validated fields, or what the client is told."""
    try:
        return validated(serializer_class, parse_json(text))
    except Exception as error:
        problem = problem_of(error)
        assert problem.code in {"invalid_json", "invalid_request"}
        return problem


def by_struct(decoder: DocumentDecoder, serializer_class: type[Any], text: str) -> Any:
    """The same at a door that tries the struct first."""
    try:
        return decoder.decode(text)
    except NotAccepted:
        return by_serializer(serializer_class, text)
    except InvalidJSON as error:
        return problem_of(error)


def declines(decoder: DocumentDecoder, text: str) -> bool:
    try:
        decoder.decode(text)
    except NotAccepted:
        return True
    except InvalidJSON:
        return False
    return False


@pytest.mark.parametrize("serializer_class", [*BODIES, *COMMANDS.values()])
@_short
@given(st.data())
def test_both_accept_the_same(serializer_class: type[Serializer[Any]], data: st.DataObject) -> None:
    """With the same values, types and field codes."""
    accept_the_same(serializer_class, data)


@pytest.mark.fuzz
@pytest.mark.parametrize("serializer_class", [*BODIES, *COMMANDS.values()])
@_long
@given(st.data())
def test_both_accept_a_thousand_documents(
    serializer_class: type[Serializer[Any]], data: st.DataObject
) -> None:
    accept_the_same(serializer_class, data)


def accept_the_same(serializer_class: type[Serializer[Any]], data: st.DataObject) -> None:
    """Hold the struct against the serializer. It declines nothing that is valid, but for an escaped
    NUL, of which it cannot tell where it stands, and half a surrogate pair, which it cannot decode:
    the metadata may contain either."""
    decoder = DocumentDecoder(serializer_class)
    text = data.draw(documents(serializer_class).flatmap(written))

    expected = by_serializer(serializer_class, text)

    found = by_struct(decoder, serializer_class, text)
    assert found == expected
    assert repr(found) == repr(expected)  # True is no 1, and 1.0 neither
    if isinstance(expected, dict):
        undecodable = "\\u0000" in text or has_half_a_pair(text)
        assert undecodable or not declines(decoder, text)


def has_half_a_pair(text: str) -> bool:
    decoded = json.dumps(json.loads(text), ensure_ascii=False)
    return any("\ud800" <= character <= "\udfff" for character in decoded)


@_patient
@given(
    st.sampled_from(sorted(COMMANDS)).flatmap(
        lambda kind: st.tuples(st.just(kind), documents(COMMANDS[kind]))
    ),
    st.integers(-(2**53), 2**53) | _STRINGS | _ANYTHING,
    st.data(),
)
def test_a_command_is_the_same_by_either_way(
    command: tuple[str, dict[str, Any]], command_id: Any, data: st.DataObject
) -> None:
    """Its id, its type, its fields, and what the client is told."""
    kind, fields = command
    members = {**fields, "id": command_id, "type": kind}
    names = data.draw(st.permutations(list(members)))
    text = data.draw(written({name: members[name] for name in names}))

    assert read(text, commands.TYPED) == read(text, None)


def read(text: str, typed: CommandDecoder | None) -> Any:
    try:
        command = parse_command(text, typed)
    except Unreadable as unreadable:
        return problem_of(unreadable.reason)
    try:
        fields = (
            command.fields
            if command.validated
            else validated(COMMANDS[command.type], command.fields)
        )
    except rest.ValidationError as error:
        return repr(command.id), problem_of(error)
    return repr(command.id), command.type, repr(sorted(fields.items()))


def test_a_right_command_needs_no_serializer() -> None:
    """The struct has validated it."""
    text = json.dumps({"id": 1, "type": "message.send", "conversation_id": "c", "client_id": "1"})

    for typed, is_validated in ((commands.TYPED, True), (None, False)):
        command = parse_command(text.replace("}", ', "text": "a\\r\\nb"}'), typed)
        assert command.validated is is_validated
    assert parse_command(text, commands.TYPED).validated is False


@pytest.mark.parametrize(
    "deep", ["[" * 30_000 + "]" * 30_000, '{"a":' * 10_000 + "1" + "}" * 10_000]
)
def test_a_deep_frame_is_not_json(deep: str) -> None:
    """Wherever it stands; no decoder runs out of stack."""
    for text in (f'{{"x":{deep},"id":1,"type":"ping"}}', f'{{"id":1,"type":"ping","x":{deep}}}'):
        with pytest.raises(Unreadable) as unreadable:
            parse_command(text, commands.TYPED)
        assert isinstance(unreadable.value.reason, InvalidJSON)


class RuleInAMethod(StrictSerializer):
    text = StrictCharField()

    def validate_text(self, value: str) -> str:
        return value.upper()


class RuleOfAll(StrictSerializer):
    text = StrictCharField()

    def validate(self, attrs: Any) -> Any:
        return attrs


class OtherField(StrictSerializer):
    kind = rest.FloatField()


@pytest.mark.parametrize("serializer_class", [RuleInAMethod, RuleOfAll, OtherField])
def test_rules_that_a_struct_cannot_have(serializer_class: type[Serializer[Any]]) -> None:
    """They are noticed when the decoder is made, and not by a client."""
    with pytest.raises(TypeError):
        DocumentDecoder(serializer_class)


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ('{"id": 1, "type": "typing.start", "conversation_id": "c"}', True),
        ('{"id": "id", "type": "typing.start", "conversation_id": "\\"id\\":"}', True),
        ('{"id": "id", "type": "typing.start", "conversation_id": "type"}', True),
        ('{"id": 1, "id": 1, "type": "typing.start", "conversation_id": "c"}', False),
        ('{"id": 1, "\\u0069d": 1, "type": "typing.start", "conversation_id": "c"}', False),
        ('{"id": 1, "type": "ping", "type": "ping"}', False),
        ('{"id": 1, "type": "conversation.sync", "conversations": {"a": 1, "b": 1}}', True),
        ('{"id": 1, "type": "conversation.sync", "conversations": {"a": 1, "a": 1}}', False),
    ],
)
def test_a_name_stands_once(text: str, accepted: bool) -> None:
    """However it is written, and whatever the values are."""
    if accepted:
        assert parse_command(text, commands.TYPED).validated
        return
    with pytest.raises(Unreadable) as unreadable:
        parse_command(text, commands.TYPED)
    assert isinstance(unreadable.value.reason, InvalidJSON)
