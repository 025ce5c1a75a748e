"""Webhooks: the endpoints of operators, the events that they get, and what became of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from messaging.domain.integrations.secrets import Secrets


class WebhookEvent(StrEnum):
    """The types of events."""

    MESSAGE_CREATED = "message.created"
    MESSAGE_UPDATED = "message.updated"
    MESSAGE_DELETED = "message.deleted"
    REACTION_UPDATED = "reaction.updated"
    CONVERSATION_CREATED = "conversation.created"
    CONVERSATION_UPDATED = "conversation.updated"
    PARTICIPANT_ADDED = "participant.added"
    PARTICIPANT_REMOVED = "participant.removed"
    REPORT_CREATED = "report.created"
    USER_ERASED = "user.erased"
    PUSH_FAILED = "push.failed"
    TEST = "webhook.test"
    """An operator tries an endpoint. Every endpoint gets it."""


RETRIED_FOR = timedelta(days=1)
"""After this time a failing event is passed over."""
KEPT_FOR = timedelta(days=7)
"""How long an event that was passed over can be replayed."""
SILENT_FOR = timedelta(days=3)
"""An endpoint that fails for so long is switched off."""


FOLLOWER_NAMES = "webhook."
"""How the names of the followers of endpoints begin."""


class DeliveryState(StrEnum):
    HELD = "held"
    """It failed, and its conversation waits for it."""
    WAITING = "waiting"
    """It belongs to no conversation, or is replayed: it is due at `next_at`."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """It was passed over. It can be replayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A URL that gets events."""

    id: int
    url: str
    secrets: Secrets
    """They sign its requests."""
    events: frozenset[str]
    """The types of events that it gets; empty for all."""
    enabled: bool
    created_at: datetime
    failing_since: datetime | None = None
    """When the first request failed since the last good answer."""

    def wants(self, event: WebhookEvent) -> bool:
        return not self.events or event is WebhookEvent.TEST or event.value in self.events

    @property
    def follower_name(self) -> str:
        """Return the name of its checkpoints."""
        return f"{FOLLOWER_NAMES}{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReference:
    """What an event is about, as ids only. Its data are read when it is sent, so that nothing is
    sent that was deleted since."""

    id: str
    """The `webhook-id`: the same for every repeat."""
    type: WebhookEvent
    at: datetime
    conversation_id: str = ""
    version: int = 0
    about: str = ""
    """The id of the message or report; empty for a change of the conversation."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """Further ids, and facts without personal data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDelivery:
    """An event for one endpoint, in the log."""

    id: int
    endpoint_id: int
    event: EventReference
    attempts: int
    first_failed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The result of one request."""

    status: int | None
    """None if there was no answer."""
    failure: str = ""
    """Why there was none."""
    seconds: float

    @property
    def good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Return whether the endpoint asks for no more requests."""
        return self.status == 410
