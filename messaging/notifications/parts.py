"""The parts of an instance or worker that notifications use."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import structlog

from messaging.delivery.hub.profiles import ProfileList
from messaging.domain.signals import push_failed
from messaging.notifications.badges import Badges
from messaging.positions.acknowledged import Acknowledgements
from messaging.stores.conversations import Store
from messaging.stores.decisions import DecisionStore
from messaging.stores.recipients import RecipientStore

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts that a job needs."""

    store: Store
    recipients: RecipientStore
    decisions: DecisionStore
    acknowledged: Acknowledgements
    badges: Badges
    profiles: ProfileList
    sender: object = None
    """The sender of the signals below: the instance."""

    async def announce_failed(
        self, conversation_id: str, message_id: str, user_ids: Collection[str]
    ) -> None:
        """Send the signal `push_failed`."""
        answers = await push_failed.asend_robust(
            sender=self.sender,
            conversation_id=conversation_id,
            message_id=message_id,
            user_ids=user_ids,
        )
        for receiver, answer in answers:
            if isinstance(answer, Exception):
                logger.error("signal.receiver_failed", receiver=repr(receiver), exc_info=answer)

    async def name_of(self, user_id: str) -> str:
        """Return the name to show for a person; one read unless it is cached. Raises
        StoreUnavailable."""
        return (await self.profiles.get([user_id]))[user_id].shown_name


class Host(Protocol):
    """The instance whose messages are notified, and the sender of its signals."""

    @property
    def boot_id(self) -> str:
        """Return the id of this run of the instance."""

    @property
    def draining(self) -> bool:
        """Return whether the instance is shutting down."""

    @property
    def isolated(self) -> bool:
        """Return whether other processes cannot see what happens here."""
