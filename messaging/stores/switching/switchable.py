"""The stores of a process, behind objects that stay the same when another kind of store is used.

Each object forwards every operation to the store in use at the time of the call. So whoever holds
such an object, or one of its bound methods, needs not know of a move.
"""

import threading
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import fields
from typing import Any, cast

from messaging.domain.exceptions import StoreUnavailable
from messaging.stores import Stores, make_stores
from messaging.stores.attachments import AttachmentStore
from messaging.stores.catalogue import Catalogue
from messaging.stores.conversations import CommitUnknown, Store
from messaging.stores.decisions import DecisionStore
from messaging.stores.epochs import EpochStore
from messaging.stores.erasure import ErasureStore
from messaging.stores.exchange import ExchangeStore
from messaging.stores.link_notes import LinkNoteStore
from messaging.stores.people import PeopleStore
from messaging.stores.reactions import ReactionStore
from messaging.stores.recipients import RecipientStore
from messaging.stores.reports import ReportStore
from messaging.stores.switching.guard import WriteGuard
from messaging.stores.switching.writes import UNREFUSED_WRITES, WRITES, Keys

_LIFECYCLE = "close"
_COMMIT = "commit"
"""The only write that must not be repeated without a look at what is stored."""
_PARTS: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "conversations": ("conversations", (Store, LinkNoteStore)),
    "attachments": ("conversations.attachments", (AttachmentStore,)),
    "reactions": ("conversations.reactions", (ReactionStore,)),
    "people": ("people", (PeopleStore,)),
    "recipients": ("recipients", (RecipientStore,)),
    "decisions": ("decisions", (DecisionStore,)),
    "catalogue": ("catalogue", (Catalogue,)),
    "reports": ("reports", (ReportStore,)),
    "epochs": ("epochs", (EpochStore,)),
    "exchange": ("exchange", (ExchangeStore,)),
    "erasure": ("erasure", (ErasureStore,)),
}
"""Each part of the stores: where it is in `Stores`, and the protocols whose writes it has."""


def operations_of(protocol: type) -> list[str]:
    """Return the names of the methods of a protocol, with those that it inherits."""
    return [
        name
        for name in dir(protocol)
        if not name.startswith("_") and callable(getattr(protocol, name))
    ]


class Switchable:
    """A part of the stores. `target` is the part in use, guarded or not."""

    def __init__(self, target: Any) -> None:
        self.target = target

    def __getattr__(self, name: str) -> Any:
        """Return what is no operation, such as `condition`."""
        return getattr(self.target, name)


def _forwarding(protocol: type) -> type[Switchable]:
    """Return a class that forwards the operations of a protocol."""

    def forward(name: str) -> Callable[..., Any]:
        def call(self: Switchable, *args: Any, **kwargs: Any) -> Any:
            return getattr(self.target, name)(*args, **kwargs)

        call.__name__ = name
        return call

    methods = {name: forward(name) for name in operations_of(protocol)}
    made = type(f"Switchable{protocol.__name__}", (Switchable,), methods)
    return cast("type[Switchable]", made)


_FORWARDING = {name: _forwarding(protocols[0]) for name, (_, protocols) in _PARTS.items()}
"""The class of each part."""


class _Guarded:
    """A part whose writes pass a guard."""

    def __init__(self, part: Any, protocols: tuple[type, ...], guard: WriteGuard) -> None:
        self._part = part
        for protocol in protocols:
            for name, keys in WRITES.get(protocol, {}).items():
                unanswered = CommitUnknown if name == _COMMIT else StoreUnavailable
                write = guard.refusing(getattr(part, name), keys, unanswered=unanswered)
                setattr(self, name, write)
            for name, keys in UNREFUSED_WRITES.get(protocol, {}).items():
                setattr(self, name, guard.recording(getattr(part, name), keys))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)


class _Shut:
    """A part that is not to be used: all its operations raise StoreUnavailable."""

    def __init__(self, part: Any, protocol: type) -> None:
        self._part = part
        for name in operations_of(protocol):
            if name != _LIFECYCLE:
                setattr(self, name, _refuse_page if name.startswith("page_") else _refuse)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)


async def _refuse(*_: Any, **__: Any) -> Any:
    raise StoreUnavailable


async def _refuse_page(*_: Any, **__: Any) -> AsyncIterator[Any]:
    yield await _refuse()


class SwitchableStores:
    """The stores of both kinds. Those of the other kind are made when they are needed."""

    def __init__(self, kind: str) -> None:
        """Create them; `kind` is in use first."""
        self.kind = kind
        self._made = {kind: make_stores(kind)}
        self._making = threading.Lock()
        self._guard: WriteGuard | None = None
        self._shut = False
        first = self._made[kind]
        self._parts = {
            name: _FORWARDING[name](_find(first, path)) for name, (path, _) in _PARTS.items()
        }
        conversations: Any = self._parts["conversations"]
        conversations.attachments = self._parts["attachments"]
        conversations.reactions = self._parts["reactions"]
        conversations.close = self._close
        named = {one.name: getattr(first, one.name) for one in fields(Stores)}
        named |= {name: part for name, part in self._parts.items() if name in named}
        self.stores = Stores(**named)
        """What the rest of the process uses. `kind` and `copying` are of the first kind; only
        commands use them."""

    def other(self, kind: str) -> Stores:
        """Return the stores of a kind, as they are. The first call imports a library for seconds;
        it may be made in a thread."""
        with self._making:
            if kind not in self._made:
                first = self._made[self.kind]
                made = make_stores(kind, beside=first)
                # What one of them has shown, the other has to show as well.
                made.conversations.witness = first.conversations.witness
                self._made[kind] = made
            return self._made[kind]

    def use(self, kind: str) -> None:
        """Use the stores of a kind from the next call on."""
        self.other(kind)
        self.kind = kind
        self._bind()

    def guard(self, guard: WriteGuard | None) -> None:
        """Let the writes pass a guard, or none."""
        if guard is not self._guard:
            self._guard = guard
            self._bind()

    def shut(self, shut: bool) -> None:
        """Refuse all operations, or none: another kind of store may be in use by now."""
        if shut is not self._shut:
            self._shut = shut
            self._bind()

    def _bind(self) -> None:
        made = self._made[self.kind]
        for name, (path, protocols) in _PARTS.items():
            found = _find(made, path)
            if self._shut:
                found = _Shut(found, protocols[0])
            elif self._guard is not None:
                found = _Guarded(found, protocols, self._guard)
            self._parts[name].target = found

    async def _close(self) -> None:
        for made in self._made.values():
            await made.conversations.close()


def _find(stores: Stores, path: str) -> Any:
    found: Any = stores
    for name in path.split("."):
        found = getattr(found, name)
    return found


def writes_of(protocol: type) -> Mapping[str, Keys]:
    """Return all writes of a protocol."""
    return {**WRITES.get(protocol, {}), **UNREFUSED_WRITES.get(protocol, {})}
