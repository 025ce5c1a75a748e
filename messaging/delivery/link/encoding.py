"""The format of messages between instances: bytes out, checked items in.

Version 2 is a map with its content as bytes under `body`, a digest, and, if keys are set, a
signature. A release that knows only version 1 reads it as a message without items. Version 1,
`{type, from, at, items}`, is the format of releases before version 2. It is sent while such an
instance is live (`messaging.delivery.link.instances.peers`), and always accepted. This release adds
a digest to it, which those releases ignore.

Every value is checked for type, range and size. A wrong value refuses the whole message or one
item, and raises only `Refused`.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import msgspec
import orjson
from msgspec import Meta, Raw, Struct, field

from messaging.delivery.batch import Batch, SoftEvent
from messaging.delivery.field_types import BootId
from messaging.delivery.link.messages import KINDS, LinkMessage, decoder
from messaging.delivery.link.refused_messages import Reason, Refused
from messaging.delivery.link.signing import Mode, Signing
from messaging.domain.fields.types import Number

VERSION = 2
"""The highest version that this release reads."""
_MAX_BYTES = 32 * 1024 * 1024
"""Redis drops a subscriber with this much unread data
(https://redis.io/docs/latest/develop/reference/clients/#output-buffer-limits)."""
_MAX_ITEMS = 2_000
_EARLIEST = 1_000_000_000.0  # in the year 2001

T = TypeVar("T")
_Time = Annotated[float, Meta(ge=_EARLIEST, le=2**40)]
_Digest = Annotated[bytes, Meta(max_length=32)]
_Items = Annotated[list[Raw], Meta(max_length=_MAX_ITEMS)]


class _Version(Struct, frozen=True):
    version: Annotated[int, Meta(ge=1)] = field(default=1, name="v")


class _First(Struct, frozen=True, kw_only=True):
    """Version 1."""

    sender: BootId = field(name="from")
    at: _Time
    items: _Items
    digest: _Digest = b""
    """The digest of its sender and items; empty if an older release wrote it."""


class _Second(Struct, frozen=True, kw_only=True):
    """Version 2. `type`, `sender`, `at` and `items` are only for readers of version 1."""

    type: str = "items"
    sender: str = field(name="from")
    at: float
    items: list[Raw] = []
    version: int = field(name="v")
    body: bytes
    digest: _Digest
    """SHA-256 of the body, which may be damaged."""
    signature: _Digest = b""


class _Body(Struct, frozen=True, kw_only=True):
    sender: BootId
    number: Number
    """A number that rises with each message of its sender."""
    at: _Time
    """Seconds since the epoch, by the clock of the sender."""
    items: _Items


class _Kind(Struct, frozen=True):
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    sender: str
    at: float
    version: int
    items: Sequence[LinkMessage | Reason]
    """An item, or why it is refused."""


_encoder = msgspec.msgpack.Encoder()
_versions = msgspec.msgpack.Decoder(_Version)
_firsts = msgspec.msgpack.Decoder(_First)
_seconds = msgspec.msgpack.Decoder(_Second)
_bodies = msgspec.msgpack.Decoder(_Body)
_kinds = msgspec.msgpack.Decoder(_Kind)


class Wire:
    """Encodes and decodes the messages of one instance."""

    def __init__(
        self, boot_id: str, *, signing: Signing, clock: Callable[[], float] = time.time
    ) -> None:
        self._boot_id = boot_id
        self._signing = signing
        self._clock = clock
        self._number = 0

    def seal(self, items: Sequence[LinkMessage], *, version: int) -> bytes:
        """Return the bytes of a message. If signatures are required, version 1 is not sent: its
        readers could not answer."""
        at = self._clock()
        if version == 1 and self._signing.mode is not Mode.REQUIRE:
            raws = [Raw(_encoder.encode(item)) for item in items]
            first = {"type": "items", "from": self._boot_id, "at": at, "items": raws}
            return _encoder.encode({**first, "digest": _digest(self._boot_id, raws)})
        self._number += 1
        content = {"sender": self._boot_id, "number": self._number, "at": at, "items": items}
        body = _encoder.encode(content)
        return _encoder.encode(
            _Second(
                sender=self._boot_id,
                at=at,
                version=VERSION,
                body=body,
                digest=hashlib.sha256(body).digest(),
                signature=self._signing.sign(body),
            )
        )

    def open(self, data: object) -> Message:
        """Return a message of this or another instance. Raises Refused."""
        if not isinstance(data, bytes):
            raise Refused(Reason.UNDECODABLE)
        if len(data) > _MAX_BYTES:
            raise Refused(Reason.TOO_LARGE)
        version = _decode(_versions, data).version
        if version > VERSION:
            raise Refused(Reason.NEWER)
        return self._open_first(data) if version == 1 else self._open_second(data)

    def _open_first(self, data: bytes) -> Message:
        if self._signing.mode is Mode.REQUIRE:
            raise Refused(Reason.UNSIGNED)
        first = _decode(_firsts, data)
        if first.digest:
            _require_digest(_digest(first.sender, first.items), first.digest)
        items = list(_items(first.items))
        return Message(
            sender=first.sender,
            at=first.at,
            version=1,
            items=items if first.digest else [_checked_first(item) for item in items],
        )

    def _open_second(self, data: bytes) -> Message:
        second = _decode(_seconds, data)
        signed = self._signing.verify(second.body, second.signature)
        if not signed:
            _require_digest(hashlib.sha256(second.body).digest(), second.digest)
        body = _decode(_bodies, second.body)
        if signed:
            self._signing.take(body.sender, body.number, at=body.at, now=self._clock())
        return Message(sender=body.sender, at=body.at, version=2, items=list(_items(body.items)))


def _digest(sender: str, raws: Sequence[Raw]) -> bytes:
    state = hashlib.sha256(sender.encode())
    for raw in raws:
        state.update(raw)
    return state.digest()


def _require_digest(right: bytes, given: bytes) -> None:
    """Require a matching digest. Raises Refused."""
    if right != given:
        raise Refused(Reason.ALTERED)


def _items(raws: Sequence[Raw]) -> Iterator[LinkMessage | Reason]:
    for raw in raws:
        try:
            item = decoder.decode(raw)
        except Exception:  # noqa: BLE001 - deep nesting raises RecursionError
            yield _why(raw)
        else:
            consistent = not isinstance(item, Batch) or item.consistent
            yield item if consistent else Reason.INCONSISTENT


def _why(raw: Raw) -> Reason:
    try:
        kind = _decode(_kinds, raw).type
    except Refused as refused:
        return refused.reason
    return Reason.INVALID if kind in KINDS else Reason.NEWER


def _checked_first(item: LinkMessage | Reason) -> LinkMessage | Reason:
    """Check version 1. Without a digest a damaged message may look valid. So frames are checked
    against their description, and nothing of it reaches the copy for the next commit."""
    if isinstance(item, Batch):
        if not all(
            _is_frame(delivery.frame, item.conversation_id, version=delivery.version)
            and (delivery.announcement is None or _is_frame(delivery.announcement, None))
            for delivery in item.deliveries
        ) or not all(
            _is_frame(one.frame, item.conversation_id, version=one.version)
            for one in item.replacements or ()
        ):
            return Reason.INCONSISTENT
        return msgspec.structs.replace(item, state=None)
    if isinstance(item, SoftEvent):
        frames = (frame for frame in (item.frame, item.own_frame) if frame is not None)
        if not all(_is_frame(frame, item.conversation_id) for frame in frames):
            return Reason.INCONSISTENT
    return item


def _is_frame(frame: str, conversation_id: str | None, **values: int) -> bool:
    try:
        event: Any = orjson.loads(frame)
    except ValueError:
        return False
    return (
        isinstance(event, dict)
        and isinstance(event.get("type"), str)
        and (conversation_id is None or event.get("conversation_id") == conversation_id)
        and all(event.get(name) == value for name, value in values.items())
    )


def _decode(of: msgspec.msgpack.Decoder[T], data: bytes | Raw) -> T:
    """Decode the bytes. Raises Refused."""
    try:
        return of.decode(data)
    except msgspec.ValidationError:
        raise Refused(Reason.INVALID) from None
    except Exception:  # noqa: BLE001 - deep nesting raises RecursionError, and not only that
        raise Refused(Reason.UNDECODABLE) from None
