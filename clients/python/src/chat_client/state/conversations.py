"""All conversations of the person, and the list of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from chat_client.concurrency.observable import Store
from chat_client.model.conversation import ConversationModel
from chat_client.models import Conversation
from chat_client.state.followed import Followed

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ConversationList:
    is_loaded: bool
    """Whether the list was loaded once."""
    items: Sequence[Conversation]
    """The latest activity first."""


class Conversations:
    def __init__(self, make: Callable[[str], Followed]) -> None:
        self.store = Store(self._snapshot)
        self._make = make
        self._all: dict[str, Followed] = {}
        """The conversations in which the person is."""
        self._others: WeakValueDictionary[str, Followed] = WeakValueDictionary()
        """Other conversations, for as long as the app or a task refers to them."""
        self._subscribed: dict[object, Followed] = {}
        """By subscription: a conversation that somebody listens to is kept."""
        self._is_loaded = False

    def get(self, id_: str) -> Followed:
        """The conversation with this id, whether the person is in it or not. It stays the same
        object while somebody holds it."""
        conversation = self._all.get(id_) or self._others.get(id_)
        if conversation is None:
            conversation = self._others[id_] = self._make(id_)
        return conversation

    def known(self, id_: str) -> Followed | None:
        """Return a conversation in which the person is; None if it is not known."""
        return self._all.get(id_)

    def subscribe(
        self, conversation: Followed, listener: Callable[[], object]
    ) -> Callable[[], None]:
        """Call `listener` after every change of it. Returns a function that ends this."""
        end_listening = conversation.store.subscribe(listener)
        key = object()
        self._subscribed[key] = conversation

        def end() -> None:
            self._subscribed.pop(key, None)
            end_listening()

        return end

    @property
    def all(self) -> Sequence[Followed]:
        """The conversations in which the person is."""
        return tuple(self._all.values())

    @property
    def shown(self) -> Sequence[Followed]:
        """The conversations that the app shows."""
        return [one for one in self._all.values() if one.shows > 0]

    def begin(self, conversation: Followed, me: str) -> ConversationModel:
        """The person is in it; it must be loaded."""
        self._all[conversation.id] = conversation
        return conversation.begin(me)

    def end(self, conversation: Followed) -> None:
        """The person is no longer in it."""
        if self._all.pop(conversation.id, None) is not None:
            self._others[conversation.id] = conversation
        conversation.end()
        self.store.changed()

    def changed(self, conversation: Followed | None = None) -> None:
        if conversation is not None:
            conversation.changed()
        self.store.changed()

    def loaded(self) -> None:
        self._is_loaded = True
        self.store.changed()

    def _snapshot(self) -> ConversationList:
        found = sorted(self._all.values(), key=lambda one: one.active_at or _NEVER, reverse=True)
        items = [one.store.snapshot.conversation for one in found]
        return ConversationList(
            is_loaded=self._is_loaded, items=tuple(one for one in items if one is not None)
        )
