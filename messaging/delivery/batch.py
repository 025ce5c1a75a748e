"""Messages between instances about a conversation: the changes of one commit, and soft events."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from messaging.delivery.conversation_delta import ConversationState
from messaging.delivery.delivery import Delivery, Replacement
from messaging.delivery.field_types import ConversationId, Frame, Key
from messaging.domain.fields.types import Number, TraceParent, UserId

_MAX_CHANGES = 1_000
_MAX_REPLACEMENTS = 2 * _MAX_CHANGES


class Traced(Struct, frozen=True, array_like=True):
    """The span of the commit, in the trace of the change with this version."""

    version: Number
    trace: TraceParent


class Batch(Struct, frozen=True, kw_only=True, tag_field="type", tag="changes"):
    """The changes of one commit: consecutive versions of one conversation."""

    conversation_id: ConversationId
    deliveries: Annotated[list[Delivery], Meta(min_length=1, max_length=_MAX_CHANGES)] = field(
        name="changes"
    )
    state: ConversationState | None = None
    """The conversation after the commit, as a delta."""
    committed_at: float | None = None
    """Seconds since the epoch, by the clock of the instance that committed."""
    replacements: Annotated[list[Replacement], Meta(max_length=_MAX_REPLACEMENTS)] | UnsetType = (
        UNSET
    )
    """Not encoded if there are none. Earlier releases neither send nor read them."""
    traces: Annotated[list[Traced], Meta(max_length=_MAX_CHANGES)] | UnsetType = UNSET
    """Not encoded if nothing is traced. Earlier releases neither send nor read them."""

    @property
    def consistent(self) -> bool:
        """Return whether its parts agree with each other, as in every real commit."""
        first, last = self.deliveries[0].version, self.deliveries[-1].version
        return (
            first > 0
            and [delivery.version for delivery in self.deliveries] == list(range(first, last + 1))
            and all(delivery.seq <= delivery.version for delivery in self.deliveries)
            and all(
                joined <= delivery.version
                for delivery in self.deliveries
                for joined in delivery.added.values()
            )
            and (self.state is None or self.state.follows(first, last))
            and all(first <= one.version <= last for one in self.replacements or ())
        )


class SoftEvent(Struct, frozen=True, kw_only=True, tag_field="type", tag="soft"):
    """A soft event, which is never replayed: for the participants of a conversation, about one of
    them."""

    conversation_id: ConversationId
    user_id: UserId
    key: Key
    """Its key: for a slow client, only the latest event of a key waits."""
    frame: Frame | None = None
    """The frame for the others; None if they get nothing."""
    own_frame: Frame | None = None
    """The frame for the other sockets of the person it is about."""
