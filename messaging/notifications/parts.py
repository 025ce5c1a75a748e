"""The parts of an instance or worker that notifications use."""

from dataclasses import dataclass
from typing import Protocol

from messaging.delivery.hub.profiles import ProfileList
from messaging.notifications.badges import Badges
from messaging.positions.acknowledged import Acknowledgements
from messaging.stores.conversations import Store
from messaging.stores.decisions import DecisionStore
from messaging.stores.recipients import RecipientStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts that a job needs."""

    store: Store
    recipients: RecipientStore
    decisions: DecisionStore
    acknowledged: Acknowledgements
    badges: Badges
    profiles: ProfileList

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
