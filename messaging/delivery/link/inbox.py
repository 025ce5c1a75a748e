"""Incoming messages of other instances: decoded, checked, measured, and passed on by type.

A message can only make an instance read the store. The store decides.
"""

import time
from collections.abc import Mapping
from typing import Protocol

import msgspec
from msgspec import UNSET
from prometheus_client import Histogram

from messaging.delivery.batch import Batch, SoftEvent
from messaging.delivery.hub.hub import Hub
from messaging.delivery.hub.revocation import AccessList
from messaging.delivery.link.announcements import Announcements
from messaging.delivery.link.encoding import Wire
from messaging.delivery.link.messages import (
    AccessChanged,
    AccessKnown,
    Beacon,
    BlocksChanged,
    Goodbye,
    LinkMessage,
    PeopleChanged,
)
from messaging.delivery.link.polling import MissedEvents
from messaging.delivery.link.refused_messages import Reason, Refusals, Refused
from messaging.delivery.traces import delivery
from messaging.instruments.metrics import DELIVERY_LINK_SECONDS, TRANSIT_SECONDS

_LONGEST_SECONDS = 60.0
"""The maximum time between a commit or publish there and its arrival here. A longer claimed time is
not measured: the sender's clock or its time is wrong."""


class OwnLink(Protocol):
    """The part of the link that is used here."""

    def on_own_beacon(self, beacon: Beacon) -> None: ...
    def acknowledge(self, message: AccessKnown) -> None: ...


class Instances(Protocol):
    """The part of the watch over the other instances that is used here."""

    def on_beacon(self, beacon: Beacon, sender: str) -> None: ...
    def on_goodbye(self, sender: str) -> None: ...


class Inbox:
    def __init__(
        self,
        *,
        boot_id: str,
        wire: Wire,
        own: OwnLink,
        instances: Instances,
        announcements: Announcements,
        hub: Hub,
        access: AccessList,
        polling: MissedEvents,
        refusals: Refusals,
    ) -> None:
        self._boot_id = boot_id
        self._wire = wire
        self._own = own
        self._instances = instances
        self._announcements = announcements
        self._hub = hub
        self._access = access
        self._polling = polling
        self._refusals = refusals

    def take(self, data: object) -> None:
        """Handle all messages of one publish. Raises nothing: a refused or failed message is
        counted and logged, and the rest is handled."""
        try:
            if not isinstance(data, Mapping):
                raise Refused(Reason.UNDECODABLE)
            message = self._wire.open(data.get("data"))
        except Refused as refused:
            self._refusals.note(refused.reason)
            return
        if message.sender != self._boot_id:
            _observe(TRANSIT_SECONDS, time.time() - message.at)
        for item in message.items:
            if isinstance(item, Reason):
                self._refusals.note(item)
                continue
            try:
                self._handle(item, message.sender)
            except Exception as error:  # noqa: BLE001 - of this item, and not of what comes next
                self._refusals.note(Reason.FAILED, error=error)

    def _handle(self, item: LinkMessage, sender: str) -> None:
        if sender == self._boot_id:
            if isinstance(item, Beacon):
                self._own.on_own_beacon(item)
            return
        match item:
            case Batch():
                self._accept(item)
            case SoftEvent():
                self._hub.accept_soft(item)
            case PeopleChanged():
                self._hub.note_commit(item.conversation_id, item.version, item.added)
            case BlocksChanged():
                self._hub.forget(item.conversation_id)
            case _:
                self._handle_of_instance(item, sender)

    def _handle_of_instance(self, item: LinkMessage, sender: str) -> None:
        match item:
            case Beacon():
                self._instances.on_beacon(item, sender)
                for conversation_id, commits in item.commits.items():
                    self._hub.note_commit(conversation_id, commits.version, commits.added)
            case Goodbye():
                self._instances.on_goodbye(sender)
            case AccessChanged():
                known = AccessKnown(number=item.number, to=sender)
                self._access.check(item.access.user_id, lambda: self._own.acknowledge(known))
            case AccessKnown() if item.to == self._boot_id:
                self._announcements.acknowledged(item.number, sender)

    def _accept(self, batch: Batch) -> None:
        if batch.state is not None and self._polling.is_ahead(batch.state.latest_moment):
            batch = msgspec.structs.replace(batch, state=None)
        if batch.traces is UNSET:
            self._hub.accept(batch)
        else:
            with delivery(batch, self._hub, path="link"):
                self._hub.accept(batch)
        if batch.committed_at is not None:
            _observe(DELIVERY_LINK_SECONDS, time.time() - batch.committed_at)


def _observe(histogram: Histogram, seconds: float) -> None:
    """Record a duration. Clocks differ, so a negative one counts as zero. An invented time is
    ignored, whatever its value."""
    if -_LONGEST_SECONDS <= seconds <= _LONGEST_SECONDS:
        histogram.observe(max(seconds, 0.0))
