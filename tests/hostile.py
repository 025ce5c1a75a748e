"""What somebody else may publish on the channels of the instances: garbage, real messages altered,
damaged or repeated, and messages that are well-formed and lie."""

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET, msgpack

from messaging.delivery.batch import Batch, SoftEvent
from messaging.delivery.delivery import Delivery, Replacement
from messaging.delivery.hub.copies import person_key
from messaging.delivery.link.encoding import Wire
from messaging.delivery.link.messages import (
    AccessChanged,
    AccessKnown,
    Beacon,
    BlocksChanged,
    Commits,
    Goodbye,
    LinkMessage,
    PeopleChanged,
    access_state,
)
from messaging.delivery.link.sender import INSTANCES
from messaging.delivery.link.signing import Mode, Signing
from messaging.domain.people import Access

Sent = tuple[str, bytes]
"""The group on which it is published, and the message."""
FAR = 2**53
_AHEAD = 10_000
"""No commit of a test reaches a version so far above the present one."""
_OFTEN, _SELDOM = 20, 1
_ODD: Sequence[Any] = (
    *(None, True, 0, -1, 2**53 + 1, 2**63 - 1, 2**64 - 1, -(2**63)),
    *(0.0, -1.5, 1e300, float("nan"), float("inf"), 253_402_300_799.0, 4e12),
    *("", "x", "\x00", "../..", "ann", "🦆" * 500, "9998-01-01T00:00:00Z", b"", b"\xff" * 40),
    *([], [[]], ["ann"] * 3, {}, {"from": 5}, {"type": "beacon"}, {1: 2}, [None] * 100),
)


class Hostile:
    """Somebody who reads all that is published and may publish. Has no key."""

    def __init__(
        self,
        chance: random.Random,
        *,
        real: Sequence[Sent],
        boot_ids: Sequence[str],
        conversation_ids: Sequence[str],
        user_ids: Sequence[str],
        mode: Mode,
    ) -> None:
        """`real`: what the instances published so far, which may grow. Where signatures are not
        required, a change that looks like the next one of a conversation would be shown: it is
        not made."""
        self._chance = chance
        self._real = real
        self._boot_ids = boot_ids
        self._conversation_ids = conversation_ids
        self._user_ids = user_ids
        self._signed = mode is Mode.REQUIRE
        self._wires = [
            Wire(boot_id, signing=signing)
            for boot_id in (*boot_ids, "stranger")
            for signing in (Signing(), Signing(Mode.ACCEPT, ["z" * 32]))
        ]
        kinds: dict[Callable[[], Sent], int] = {
            self._flipped: _OFTEN,
            self._cut: _OFTEN,
            self._rewritten: 2 * _OFTEN,
            self._of_another_version: _OFTEN,
            self._replayed: _OFTEN,
            self._well_formed: 2 * _OFTEN,
            self._invented_instance: _OFTEN,
            self._garbage: _OFTEN,
            self._signature_altered: _OFTEN if self._signed else 0,
            self._large: _SELDOM,
        }
        self._kinds = [kind for kind, often in kinds.items() for _ in range(often)]

    def messages(self, count: int) -> Iterator[Sent]:
        for _ in range(count):
            yield self._chance.choice(self._kinds)()

    # Of real ones

    def _flipped(self) -> Sent:
        group, data = self._chance.choice(self._real)
        damaged = bytearray(data)
        for _ in range(self._chance.choice((1, 1, 1, 2, 8))):
            damaged[self._chance.randrange(len(damaged))] ^= 1 << self._chance.randrange(8)
        return group, bytes(damaged)

    def _cut(self) -> Sent:
        group, data = self._chance.choice(self._real)
        at = self._chance.randrange(len(data))
        cuts = (data[:at], data[at:], data + data, data[:at] + b"\xc1" + data[at:], data + b"\x00")
        return group, self._chance.choice(cuts)

    def _replayed(self) -> Sent:
        """As it was, on its own channel or on another one."""
        group, data = self._chance.choice(self._real)
        return self._chance.choice((group, self._group())), data

    def _rewritten(self) -> Sent:
        """With another value somewhere in it, and with the digest that belongs to it."""
        group, data = self._chance.choice(self._real)
        outer = msgpack.decode(data)
        if "body" not in outer:
            self._change_somewhere(outer)
            if self._chance.random() < 0.5:
                outer.pop("digest", None)
            return group, msgpack.encode(outer)
        body = msgpack.decode(outer["body"])
        self._change_somewhere(body)
        if self._chance.random() < 0.2:
            body["at"] = self._chance.choice(_ODD)
        outer["body"] = msgpack.encode(body)
        outer["digest"] = hashlib.sha256(outer["body"]).digest()
        return group, msgpack.encode(outer)

    def _change_somewhere(self, document: Any) -> None:
        """Put an odd value in the place of one that is there. A change keeps its version or gets
        an odd one, so it is never the next of its conversation."""
        places = [(parent, key) for parent, key in _places(document) if key != "digest"]
        parent, key = self._chance.choice(places)
        if self._chance.random() < 0.1 and isinstance(parent, dict):
            del parent[key]
        else:
            parent[key] = self._chance.choice(_ODD)

    def _of_another_version(self) -> Sent:
        group, data = self._chance.choice(self._real)
        outer = msgpack.decode(data)
        outer["v"] = self._chance.choice((0, -1, 1, 2, 3, 1_000, 2**64 - 1, "2", 2.5, None, []))
        return group, msgpack.encode(outer)

    def _signature_altered(self) -> Sent:
        """Its own with a bit flipped, cut, of another message, or none."""
        group, data = self._chance.choice(self._real)
        outer = msgpack.decode(data)
        _, other = self._chance.choice(self._real)
        theirs = msgpack.decode(other).get("signature", b"")
        own = bytearray(outer.get("signature", b"") or bytes(32))
        own[self._chance.randrange(len(own))] ^= 1 << self._chance.randrange(8)
        outer["signature"] = self._chance.choice(
            (bytes(own), bytes(own[:16]), theirs, b"", b"\x00" * 32, None, "x", b"\xff" * 64)
        )
        if outer["signature"] == theirs and self._chance.random() < 0.9:
            outer["body"] = self._body([self._change(1)])
        return group, msgpack.encode(outer)

    # Made up

    def _garbage(self) -> Sent:
        value = self._chance.choice(_ODD)
        data = self._chance.choice(
            (
                self._chance.randbytes(self._chance.randrange(300)),
                msgpack.encode(value),
                b"\x91" * 5_000,
                msgpack.encode({"v": 2, "body": msgpack.encode(value)}),
            )
        )
        return self._group(), data

    def _well_formed(self) -> Sent:
        item = self._chance.choice(
            (
                self._people_changed,
                self._blocks_changed,
                self._beacon,
                self._access_changed,
                self._access_known,
                Goodbye,
                partial(self._change, 1 if self._signed else _AHEAD),
                self._soft_event,
            )
        )()
        wire = self._chance.choice(self._wires)
        return self._group(), wire.seal([item], version=self._chance.choice((1, 2)))

    def _invented_instance(self) -> Sent:
        """Says that it is there, and that it reads the first version only."""
        wire = Wire(f"{self._chance.getrandbits(64):016x}", signing=Signing())
        number = self._chance.choice((0, 1, 7, 5_000, FAR))
        items: list[LinkMessage] = [Beacon(number=number, reads=self._chance.choice((1, 2, 1_000)))]
        if self._chance.random() < 0.2:
            items.append(Goodbye())
        return INSTANCES, wire.seal(items, version=self._chance.choice((1, 2)))

    def _large(self) -> Sent:
        """More of something than there may be."""
        people = [f"user-{number}" for number in range(10_001)]
        conversation_id = self._chance.choice(self._conversation_ids)
        made: list[Any] = [
            {"type": "people", "conversation_id": conversation_id, "version": 9, "added": people},
            {"type": "beacon", "number": 9, "commits": {one: [9, []] for one in people}},
            {
                "type": "changes",
                "conversation_id": conversation_id,
                "changes": [[1, 1, "{}"]] * 1_001,
            },
            {"type": "soft", "conversation_id": conversation_id, "frame": "x" * (4 * 2**20 + 1)},
        ]
        items = [self._chance.choice(made)] * self._chance.choice((1, 1, 2))
        if self._chance.random() < 0.2:
            items = [{"type": "goodbye"}] * 2_001
        body = msgpack.encode({"sender": "stranger", "number": 1, "at": 2e9, "items": items})
        return self._group(), _second(body)

    # Items

    def _people_changed(self) -> LinkMessage:
        return PeopleChanged(
            conversation_id=self._conversation(),
            version=self._chance.choice((0, 1, 3, FAR)),
            added=self._people(),
        )

    def _blocks_changed(self) -> LinkMessage:
        keys = [*self._conversation_ids, person_key(self._chance.choice(self._user_ids))]
        return BlocksChanged(conversation_id=self._chance.choice(keys))

    def _beacon(self) -> LinkMessage:
        commits = Commits(self._chance.choice((0, 1, 3, FAR)), self._people())
        return Beacon(
            number=self._chance.choice((0, 1, 7, FAR)), commits={self._conversation(): commits}
        )

    def _access_changed(self) -> LinkMessage:
        dated = datetime(self._chance.choice((1971, 2026, 9998)), 1, 1, tzinfo=UTC)
        access = Access(
            user_id=self._chance.choice(self._user_ids),
            valid_after=self._chance.choice((None, dated)),
            banned_until=self._chance.choice((None, dated)),
            changed_at=dated,
        )
        return AccessChanged(number=self._chance.choice((1, 5)), access=access_state(access))

    def _access_known(self) -> LinkMessage:
        number, to = self._chance.randrange(5), self._chance.choice(self._boot_ids)
        return AccessKnown(number=number, to=to)

    def _change(self, least: int) -> LinkMessage:
        """A change from this version on, which takes somebody out and another in."""
        conversation_id = self._conversation()
        version = self._chance.choice((least, least + 1, FAR - 1))
        frame = msgspec.json.encode(
            {"type": "message.created", "conversation_id": conversation_id, "version": version}
        ).decode()
        return Batch(
            conversation_id=conversation_id,
            deliveries=[
                Delivery(
                    version=version,
                    seq=1,
                    frame=frame,
                    added=dict.fromkeys(self._people(), 1),
                    removed=self._people(),
                    announcement=frame,
                )
            ],
            committed_at=self._chance.choice((None, 0.0, 1e300)),
            replacements=self._chance.choice(
                (UNSET, [Replacement(version=version, frame=frame, user_ids=self._people())])
            ),
        )

    def _soft_event(self) -> LinkMessage:
        """In a conversation that nobody is in, where it could be shown otherwise."""
        frame = msgspec.json.encode({"type": "typing.started", "conversation_id": "c"}).decode()
        return SoftEvent(
            conversation_id=self._conversation() if self._signed else "nowhere",
            user_id=self._chance.choice(self._user_ids),
            key="typing",
            frame=frame,
            own_frame=frame,
        )

    def _body(self, items: Sequence[LinkMessage]) -> bytes:
        content = {"sender": self._boot_ids[0], "number": FAR, "at": 2e9, "items": items}
        return msgpack.encode(content)

    def _conversation(self) -> str:
        return self._chance.choice((*self._conversation_ids, "nowhere"))

    def _people(self) -> list[str]:
        return self._chance.sample(self._user_ids, self._chance.randrange(len(self._user_ids)))

    def _group(self) -> str:
        return self._chance.choice((INSTANCES, *self._conversation_ids))


def _second(body: bytes) -> bytes:
    """A message of the second version with this body."""
    digest = hashlib.sha256(body).digest()
    outer = {"type": "items", "from": "stranger", "at": 2e9, "items": [], "v": 2}
    return msgpack.encode({**outer, "body": body, "digest": digest})


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every value in it, as the container and its key."""
    entries = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in list(entries):
        yield document, key
        if isinstance(value, dict | list):
            yield from _places(value)
