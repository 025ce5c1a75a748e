"""The publisher: creates the events of this instance, encodes each once, and sends it out.

There is one path for all: the local hub first, then the link. Without Redis the first half remains:
direct broadcast to the sockets of this instance.
"""

import time
from datetime import datetime

from msgspec import UNSET

from messaging.commits.group_commit import Committed
from messaging.delivery.batch import Batch, SoftEvent
from messaging.delivery.conversation_delta import make_delta
from messaging.delivery.delivery import Delivery, Replacement
from messaging.delivery.hub.copies import person_key
from messaging.delivery.hub.hub import Hub
from messaging.delivery.late_joiners import replacements
from messaging.delivery.link.links import AnyLink
from messaging.delivery.traces import delivery, traces_of
from messaging.domain.change import Change, ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.participant import OwnFlags, Preferences, ReadPosition
from messaging.instruments import tracing
from messaging.instruments.metrics import DELIVERY_LOCAL_SECONDS
from messaging.wire.events import EventEncoder


class Publisher:
    def __init__(self, *, hub: Hub, link: AnyLink | None, events: EventEncoder) -> None:
        self._hub = hub
        self._link = link
        self._events = events

    def publish_commit(self, committed: Committed) -> None:
        """Publish the changes of one commit, in the order of their versions."""
        conversation, committed_at = committed.conversation, time.time()
        batch = Batch(
            conversation_id=conversation.id,
            deliveries=[
                self._delivery(conversation.id, change, conversation.updated_at)
                for change in committed.changes
            ],
            state=make_delta(committed) if self._link is not None else None,
            committed_at=committed_at,
            replacements=self._replacements(committed) or UNSET,
            traces=UNSET if tracing.tracer is None else traces_of(committed.origins) or UNSET,
        )
        if batch.traces is UNSET:
            self._hub.accept(batch)
        else:
            with delivery(batch, self._hub, path="local"):
                self._hub.accept(batch)
        DELIVERY_LOCAL_SECONDS.observe(max(time.time() - committed_at, 0))
        added = [user_id for delivery in batch.deliveries for user_id in delivery.added]
        if added:
            self._hub.announce(conversation)
        if self._link is not None:
            self._link.publish_batch(batch)

    def publish_founded(self, conversation: Conversation) -> None:
        """Publish a new conversation to its people, wherever they are connected."""
        self._hub.announce(conversation)
        if self._link is not None:
            self._link.publish_people(
                conversation.id, conversation.version, list(conversation.participants)
            )

    def publish_blocks(self, conversation_id: str) -> None:
        """Invalidate all copies of this conversation's blocks."""
        self._hub.forget(conversation_id)
        if self._link is not None:
            self._link.publish_blocks(conversation_id)

    def publish_person(self, user_id: str) -> None:
        """Invalidate all copies of a person's blocks, privacy settings and profile, because they
        have changed."""
        self.publish_blocks(person_key(user_id))

    def publish_receipt(
        self, conversation_id: str, shown: ReadPosition, *, of_reading: bool
    ) -> None:
        """Publish a receipt to the others, as they may see it."""
        # A delivery receipt may contain an older read_seq, so it does not replace a read receipt.
        kind = "read" if of_reading else "delivered"
        self._publish_soft(
            SoftEvent(
                conversation_id=conversation_id,
                user_id=shown.user_id,
                key=f"receipt:{kind}:{conversation_id}:{shown.user_id}",
                frame=self._events.receipt_updated(conversation_id, shown),
            )
        )

    def publish_own_receipt(
        self, conversation_id: str, position: ReadPosition, *, unread_count: int
    ) -> None:
        """Publish a receipt to the reader's own sockets, on all instances."""
        self._publish_soft(
            SoftEvent(
                conversation_id=conversation_id,
                user_id=position.user_id,
                key=f"receipt:read:{conversation_id}:{position.user_id}",
                own_frame=self._events.own_receipt_updated(
                    conversation_id, position, unread_count=unread_count
                ),
            )
        )

    def publish_preferences(
        self,
        conversation_id: str,
        user_id: str,
        preferences: Preferences,
        flags: OwnFlags,
        *,
        archived: bool,
    ) -> None:
        """Publish a person's settings to their own sockets, on all instances."""
        self._publish_soft(
            SoftEvent(
                conversation_id=conversation_id,
                user_id=user_id,
                key=f"preferences:{conversation_id}:{user_id}",
                own_frame=self._events.preferences_updated(
                    conversation_id, preferences, flags, archived=archived
                ),
            )
        )

    def publish_typing(
        self, conversation_id: str, user_id: str, *, typing: bool, expires_at: datetime
    ) -> None:
        frame = self._events.typing(conversation_id, user_id, typing=typing, expires_at=expires_at)
        self._publish_soft(
            SoftEvent(
                conversation_id=conversation_id,
                user_id=user_id,
                key=f"typing:{conversation_id}:{user_id}",
                frame=frame,
            )
        )

    def _publish_soft(self, event: SoftEvent) -> None:
        self._hub.accept_soft(event)
        if self._link is not None:
            self._link.publish_soft(event)

    def _replacements(self, committed: Committed) -> list[Replacement]:
        conversation = committed.conversation
        return [
            replacement
            for change in committed.changes
            if change.type is not ChangeType.MESSAGE_CREATED  # every participant may see it
            for replacement in replacements(
                self._events, conversation.id, change, conversation.updated_at
            )
        ]

    def _delivery(self, conversation_id: str, change: Change, at: datetime) -> Delivery:
        frame = self._events.change(conversation_id, change, at)
        people = {person.user_id: person.joined_version for person in change.participants}
        if change.type is ChangeType.PARTICIPANT_ADDED:
            assert change.conversation is not None
            announcement = self._events.conversation_added(
                change.conversation, visible_from=change.participants[0].visible_from
            )
            return Delivery(
                version=change.version, seq=0, frame=frame, added=people, announcement=announcement
            )
        removed = list(people) if change.type is ChangeType.PARTICIPANT_REMOVED else []
        seq = change.message.seq if change.message is not None else 0
        return Delivery(version=change.version, seq=seq, frame=frame, removed=removed)
