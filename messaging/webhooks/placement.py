"""Where webhooks are delivered: by the workers if there is a queue, else by the instances."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from django.conf import settings

from messaging.followers.following import Following
from messaging.followers.runner import EpochSource
from messaging.notifications.jobs import FollowJob
from messaging.notifications.receivers import Notifications
from messaging.stores.conversations import Store
from messaging.stores.reports import ReportStore
from messaging.stores.sql.connections.calls import Calls
from messaging.webhooks.hints import HintList
from messaging.webhooks.waking import decoded
from messaging.webhooks.webhooks import Webhooks


class Host(Protocol):
    """What it takes of an instance."""

    @property
    def boot_id(self) -> str: ...
    @property
    def database(self) -> Calls: ...
    @property
    def epochs(self) -> EpochSource: ...
    @property
    def following(self) -> Following: ...
    @property
    def notifications(self) -> Notifications: ...
    @property
    def reports(self) -> ReportStore: ...
    @property
    def store(self) -> Store: ...
    @property
    def webhook_hints(self) -> HintList: ...


def make_webhooks(instance: Host) -> Webhooks:
    """Return the webhooks of an instance, which delivers them itself without a queue."""
    webhooks = Webhooks(
        calls=instance.database,
        epochs=instance.epochs,
        hints=instance.webhook_hints,
        sender=instance,
    )
    if settings.NOTIFICATION_QUEUE_URL:

        def put(job: FollowJob) -> None:  # the notifications are made later
            instance.notifications.put(job)

        webhooks.wake_workers(put)
    else:
        webhooks.deliver(
            instance.following,
            store=instance.store,
            reports=instance.reports,
            owner=instance.boot_id,
        )
    return webhooks


@asynccontextmanager
async def deliver_webhooks(
    instance: Host, webhooks: Webhooks
) -> AsyncIterator[Callable[[FollowJob], None]]:
    """Deliver webhooks from a worker. Yields what handles the jobs that wake it."""
    following = Following(
        store=instance.store,
        epochs=instance.epochs,
        calls=instance.database,
        owner=instance.boot_id,
    )
    webhooks.deliver(
        following, store=instance.store, reports=instance.reports, owner=instance.boot_id
    )

    def follow(job: FollowJob) -> None:
        for one in job.changed:
            webhooks.hints.add(one.id, decoded(one.hints))
            following.changed(one.id)

    following.start()
    webhooks.start()
    try:
        yield follow
    finally:
        await webhooks.stop()
        await following.stop()
