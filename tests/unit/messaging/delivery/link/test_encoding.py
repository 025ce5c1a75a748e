"""The format between instances: what passes, what is refused, and what older releases read."""

import hashlib
import itertools
from collections.abc import Mapping
from typing import Any

import msgpack  # type: ignore[import-untyped]
import msgspec
import pytest

from messaging.delivery.batch import Batch, SoftEvent
from messaging.delivery.delivery import Delivery, Replacement
from messaging.delivery.link.encoding import Message, Wire
from messaging.delivery.link.messages import (
    AccessChanged,
    AccessKnown,
    AccessState,
    Beacon,
    BlocksChanged,
    Commits,
    Goodbye,
    LinkMessage,
    PeopleChanged,
)
from messaging.delivery.link.refused_messages import Reason, Refusals, Refused
from messaging.delivery.link.signing import WINDOW_SECONDS, Mode, Signing
from messaging.instruments.log_sampling import Sparing

NOW = 1_800_000_000.0
KEY, OTHER_KEY = "k" * 32, "o" * 32
FRAME = '{"type":"message.created","conversation_id":"c","version":5}'
ITEMS: list[LinkMessage] = [
    Batch(
        conversation_id="c",
        deliveries=[Delivery(version=5, seq=3, frame=FRAME, added={"ann": 5}, removed=["bob"])],
        committed_at=NOW,
    ),
    Batch(
        conversation_id="c",
        deliveries=[Delivery(version=5, seq=3, frame=FRAME)],
        replacements=[Replacement(version=5, frame=FRAME, user_ids=["ann"])],
    ),
    SoftEvent(
        conversation_id="c",
        user_id="ann",
        key="typing",
        frame='{"type":"typing.started","conversation_id":"c"}',
    ),
    PeopleChanged(conversation_id="c", version=5, added=["ann"]),
    BlocksChanged(conversation_id="c"),
    Beacon(number=7, commits={"c": Commits(5, ["ann"])}, reads=2),
    Goodbye(),
    AccessChanged(number=1, access=AccessState("ann", 1, None, 2)),
    AccessKnown(number=1, to="boot"),
]


def wire(mode: Mode = Mode.OFF, *keys: str, at: float = NOW, boot_id: str = "boot") -> Wire:
    return Wire(boot_id, signing=Signing(mode, keys), clock=lambda: at)


def refusal(reader: Wire, data: object) -> Reason:
    with pytest.raises(Refused) as refused:
        reader.open(data)
    return refused.value.reason


def first(items: list[object], **other: object) -> bytes:
    """A message as releases before the second version write it."""
    packed: bytes = msgpack.packb({"type": "items", "from": "a", "at": NOW, "items": items} | other)
    return packed


def second(items: list[object], **other: object) -> bytes:
    """A message of the second version that somebody else has made."""
    content = {"sender": "a", "number": 1, "at": NOW, "items": items} | other
    body = msgpack.packb(content)
    digest = hashlib.sha256(body).digest()
    packed: bytes = msgpack.packb(
        {"type": "items", "from": "a", "at": NOW, "items": [], "v": 2}
        | {"body": body, "digest": digest}
    )
    return packed


@pytest.mark.parametrize("version", [1, 2])
def test_every_kind_arrives_as_it_was_sent(version: int) -> None:
    message = wire().open(wire().seal(ITEMS, version=version))

    assert message == Message(sender="boot", at=NOW, version=version, items=ITEMS)


def test_the_first_version_is_what_older_releases_read() -> None:
    """Field by field as they index it; what they do not know is besides."""
    message = msgpack.unpackb(wire().seal(ITEMS, version=1))

    assert (message["type"], message["from"], message["at"]) == ("items", "boot", NOW)
    assert message["items"][0] == {
        "type": "changes",
        "conversation_id": "c",
        "state": None,
        "committed_at": NOW,
        "changes": [[5, 3, FRAME, {"ann": 5}, ["bob"], None]],
    }
    assert message["items"][1]["replacements"] == [
        {"version": 5, "frame": FRAME, "user_ids": ["ann"]}
    ]
    assert message["items"][2] == {
        "type": "soft",
        "conversation_id": "c",
        "user_id": "ann",
        "key": "typing",
        "frame": '{"type":"typing.started","conversation_id":"c"}',
        "own_frame": None,
    }
    beacon = message["items"][5]
    assert (beacon["number"], beacon["commits"]) == (7, {"c": [5, ["ann"]]})
    assert message["items"][7]["access"] == ["ann", 1, None, 2]


def test_arrays_have_the_length_that_older_releases_unpack() -> None:
    """A new field of what is sent as an array goes beside the array while version 1 is spoken. They
    skip `Traced`, as a field of `Batch` that they do not know."""
    arrays = {
        kind.__name__: len(kind.__struct_fields__)
        for kind in msgspec.Struct.__subclasses__()
        if kind.__module__.startswith("messaging.delivery") and kind.__struct_config__.array_like
    }

    assert arrays == {
        "Commits": 2,
        "AccessState": 4,
        "Delivery": 6,
        "MessageState": 12,
        "Traced": 2,
    }


def test_older_releases_find_nothing_in_the_second_version() -> None:
    """They read `from`, `at` and `items` of whatever comes, and must find them."""
    message = msgpack.unpackb(wire().seal(ITEMS, version=2))

    assert (message["from"], message["at"], message["items"]) == ("boot", NOW, [])


def test_the_state_that_an_older_release_sends_is_not_believed() -> None:
    """It has no digest, and the next commit would be made from it."""
    state: dict[str, object] = {
        "before": 4, "before_token": 1, "version": 5, "seq": 3, "updated_at": 1, "active_at": 1,
        "last_message": None, "sent_seq": {}, "commit_id": "x", "token": 2,
    }  # fmt: skip
    changes = [[5, 3, FRAME, {}, [], None]]
    item = {"type": "changes", "conversation_id": "c", "committed_at": NOW}
    item |= {"state": state, "changes": changes}

    of_first, of_second = wire().open(first([item])).items, wire().open(second([item])).items

    assert isinstance(of_first[0], Batch)
    assert of_first[0].state is None
    assert isinstance(of_second[0], Batch)
    assert of_second[0].state is not None


CHANGES: Mapping[str, Any] = {
    "type": "changes",
    "conversation_id": "c",
    "state": None,
    "committed_at": NOW,
    "changes": [[5, 3, FRAME, {}, [], None]],
}


@pytest.mark.parametrize(
    "item",
    [
        5,
        None,
        [],
        {},
        {"type": 5},
        {"type": "people", "conversation_id": "c"},
        {"type": "people", "conversation_id": "c", "version": -1, "added": []},
        {"type": "people", "conversation_id": "c", "version": 2**62, "added": []},
        {"type": "people", "conversation_id": "c", "version": True, "added": []},
        {"type": "people", "conversation_id": "c", "version": 1.5, "added": []},
        {"type": "people", "conversation_id": "c", "version": 1, "added": ["an n"]},
        {"type": "people", "conversation_id": "c", "version": 1, "added": ["ann\n"]},
        {"type": "people", "conversation_id": "c", "version": 1, "added": ["a"] * 1_000_000},
        {"type": "people", "conversation_id": "../c", "version": 1, "added": []},
        {"type": "people", "conversation_id": "c" * 129, "version": 1, "added": []},
        {"type": "blocks", "conversation_id": 5},
        {"type": "beacon", "number": "1", "commits": {}},
        {"type": "beacon", "number": 1, "commits": []},
        {"type": "beacon", "number": 1, "commits": {"c": 5}},
        {"type": "beacon", "number": 1, "commits": {f"c{n}": [1, []] for n in range(10_001)}},
        {"type": "access", "number": 1, "access": ["ann", "now", None, None]},
        {"type": "access", "number": 1, "access": ["ann", None, None, 2**63]},
        {"type": "access.known", "number": 1, "to": 5},
        {"type": "soft", "conversation_id": "c", "user_id": "ann", "key": "", "frame": None},
        {**CHANGES, "changes": []},
        {**CHANGES, "changes": [[5]]},
        {**CHANGES, "changes": [[5, 3, b"bytes", {}, [], None]]},
        {**CHANGES, "changes": [[5, 3, FRAME, {"ann": "now"}, [], None]]},
        {**CHANGES, "committed_at": "now"},
        {**CHANGES, "state": {"before": 4}},
    ],
)  # fmt: skip
@pytest.mark.parametrize("make", [first, second])
def test_an_item_that_is_wrong_is_refused_alone(make: Any, item: object) -> None:
    """Whatever is wrong with it, the others of its message arrive."""
    bad, good = wire().open(make([item, {"type": "goodbye"}])).items

    assert bad is Reason.INVALID
    assert good == Goodbye()


@pytest.mark.parametrize(
    "change",
    [
        {"changes": [[5, 3, FRAME, {}, [], None], [7, 3, FRAME, {}, [], None]]},
        {"changes": [[0, 0, FRAME, {}, [], None]]},
        {"changes": [[5, 6, FRAME, {}, [], None]]},
        {"changes": [[5, 3, FRAME, {"ann": 6}, [], None]]},
    ],
)
def test_parts_that_do_not_agree_are_refused(change: Mapping[str, object]) -> None:
    assert wire().open(second([{**CHANGES, **change}])).items == [Reason.INCONSISTENT]


@pytest.mark.parametrize(
    "item",
    [
        {**CHANGES, "changes": [[6, 3, FRAME, {}, [], None]]},
        {**CHANGES, "changes": [[5, 3, "[" * 100_000, {}, [], None]]},
        {**CHANGES, "changes": [[5, 3, "x" + FRAME, {}, [], None]]},
        {**CHANGES, "conversation_id": "d"},
        {"type": "soft", "conversation_id": "c", "user_id": "a", "key": "k", "frame": "{}"},
    ],
)
def test_a_frame_of_the_first_version_is_what_it_is_said_to_be(item: object) -> None:
    """A damaged version would be delivered as the next one."""
    assert wire().open(first([item])).items == [Reason.INCONSISTENT]


def test_what_a_later_release_says_is_passed_over() -> None:
    """A kind, a field or a version that is not known here."""
    kind = {"type": "thread", "id": 5}
    field = {"type": "blocks", "conversation_id": "c", "why": "a later release says so"}

    assert wire().open(second([kind, field])).items == [
        Reason.NEWER,
        BlocksChanged(conversation_id="c"),
    ]
    assert refusal(wire(), msgpack.packb({"v": 3, "whatever": [5]})) is Reason.NEWER


@pytest.mark.parametrize(
    "data",
    [
        None,
        5,
        "text",
        b"",
        b"\xc1",
        b"\x91" * 100_000,
        b"\xdf\xff\xff\xff\xff",
        b"\x81\xa4from\xa1\xff",
        msgpack.packb([1, 2]),
        msgpack.packb({}),
        msgpack.packb({"from": "a", "items": []}),
        msgpack.packb({"from": "a", "at": "now", "items": []}),
        msgpack.packb({"from": "a", "at": float("nan"), "items": []}),
        msgpack.packb({"from": "a", "at": float("inf"), "items": []}),
        msgpack.packb({"from": "a", "at": -1e300, "items": []}),
        msgpack.packb({"from": 5, "at": NOW, "items": []}),
        msgpack.packb({"from": "a" * 100, "at": NOW, "items": []}),
        msgpack.packb({"from": "a", "at": NOW, "items": [{"type": "goodbye"}] * 3_000}),
        msgpack.packb({"v": "2"}),
        msgpack.packb({"v": -1}),
        msgpack.packb({"v": 2, "from": "a", "at": NOW, "body": "text", "digest": b""}),
    ],
)
def test_what_is_no_message_is_refused(data: object) -> None:
    assert refusal(wire(), data) in (Reason.UNDECODABLE, Reason.INVALID)


def test_what_is_too_large_is_not_decoded() -> None:
    assert refusal(wire(), b"\xc0" * (32 * 1024 * 1024 + 1)) is Reason.TOO_LARGE


@pytest.mark.parametrize("version", [1, 2])
def test_a_flipped_bit_is_noticed(version: int) -> None:
    """Wherever it is: nothing that arrives differs from what was sent, but for the name of the
    digest in the first version, which older releases do not write."""
    data = wire().seal(ITEMS[3:], version=version)
    for position in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[position // 8] ^= 1 << position % 8
        try:
            message = wire().open(bytes(flipped))
        except Refused:
            continue
        assert message.items in (ITEMS[3:], [])


# Signatures


def test_signed_messages_pass() -> None:
    for mode in (Mode.ACCEPT, Mode.REQUIRE):
        sealed = wire(mode, KEY).seal(ITEMS, version=2)
        for reader in (wire(), wire(Mode.ACCEPT, KEY), wire(Mode.REQUIRE, KEY)):
            assert list(reader.open(sealed).items) == ITEMS


def test_unsigned_messages_pass_until_signatures_are_required() -> None:
    for version in (1, 2):
        sealed = wire().seal(ITEMS, version=version)
        assert wire(Mode.ACCEPT, KEY).open(sealed).items
        assert refusal(wire(Mode.REQUIRE, KEY), sealed) is Reason.UNSIGNED


@pytest.mark.parametrize("mode", [Mode.ACCEPT, Mode.REQUIRE])
def test_a_signature_with_another_key_is_refused(mode: Mode) -> None:
    sealed = wire(mode, OTHER_KEY).seal(ITEMS, version=2)

    assert refusal(wire(mode, KEY), sealed) is Reason.FORGED


def test_an_altered_message_is_refused() -> None:
    """Its digest may be made to fit, and its signature may not."""
    outer = msgspec.msgpack.decode(wire(Mode.REQUIRE, KEY).seal(ITEMS, version=2))
    body = outer["body"].replace(b"bob", b"eve")
    altered = {**outer, "body": body, "digest": hashlib.sha256(body).digest()}

    assert refusal(wire(Mode.REQUIRE, KEY), msgspec.msgpack.encode(altered)) is Reason.FORGED


def test_keys_are_rotated() -> None:
    """Every instance learns the new key first, then signs with it, then forgets the old one."""
    phases = [(KEY,), (KEY, OTHER_KEY), (OTHER_KEY, KEY), (OTHER_KEY,)]
    for before, after in itertools.pairwise(phases):
        for one, other in ((before, after), (after, before)):
            sealed = wire(Mode.REQUIRE, *one).seal(ITEMS, version=2)
            assert wire(Mode.REQUIRE, *other).open(sealed).items


def test_a_repeated_message_is_refused() -> None:
    """Within the window by its number, later by its time."""
    sender, reader = wire(Mode.REQUIRE, KEY), wire(Mode.REQUIRE, KEY)
    one, other = (sender.seal(ITEMS, version=2) for _ in range(2))
    reader.open(one)
    reader.open(other)

    assert refusal(reader, one) is Reason.REPLAYED
    assert refusal(reader, other) is Reason.REPLAYED
    much_later = wire(Mode.REQUIRE, KEY, at=NOW + WINDOW_SECONDS + 1)
    assert refusal(much_later, other) is Reason.STALE


def test_clocks_may_differ_within_the_window() -> None:
    sealed = wire(Mode.REQUIRE, KEY, at=NOW + WINDOW_SECONDS - 1).seal(ITEMS, version=2)

    assert wire(Mode.REQUIRE, KEY).open(sealed).items


def test_nobody_else_uses_up_the_numbers_of_a_sender() -> None:
    """Where unsigned messages are accepted theirs do not count."""
    reader, sender = wire(Mode.ACCEPT, KEY), wire(Mode.ACCEPT, KEY)
    reader.open(second([], sender="boot", number=2**53))

    assert reader.open(sender.seal(ITEMS, version=2)).items


def test_refusals_are_said_once_a_second(caplog: pytest.LogCaptureFixture) -> None:
    clock = iter(number / 100 for number in range(250))
    refusals = Refusals(Sparing(lambda: next(clock)))

    for _ in range(250):
        refusals.note(Reason.INVALID)
    for _ in range(10):
        refusals.note(Reason.NEWER)

    lines: list[Any] = [record.msg for record in caplog.records]
    assert [line["unsaid"] for line in lines] == [0, 99, 99]
