"""The followers of endpoints, in `DATABASE_URL`."""

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.integrations.webhooks import FOLLOWER_NAMES, Endpoint
from messaging.followers.registry import unregister
from messaging.models import CheckpointRecord, FollowerRecord, WebhookEndpointRecord
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.clock import now


class Registrations:
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def register(self, endpoint: Endpoint, *, epoch: str) -> None:
        """Register the follower of an endpoint. It gets the changes since the endpoint was made,
        whichever process runs it later. Idempotent."""
        await self._calls.write("register_webhook", _register, endpoint, epoch)

    async def resume(self, follower_name: str) -> None:
        """Make the conversations that wait for a follower due at once."""
        await self._calls.write("resume_webhook", _resume, follower_name)

    async def purge(self) -> None:
        """Delete the followers of endpoints that are deleted."""
        for name in await self._calls.read("list_webhook_followers", _orphans):
            await self._calls.write("delete_webhook_follower", unregister, name)


def _register(database: BaseDatabaseWrapper, endpoint: Endpoint, epoch: str) -> None:
    FollowerRecord.objects.using(database.alias).get_or_create(
        name=endpoint.follower_name,
        defaults={"started_at": endpoint.created_at, "epoch": epoch},
    )


def _resume(database: BaseDatabaseWrapper, follower_name: str) -> None:
    checkpoints = CheckpointRecord.objects.using(database.alias)
    waiting = checkpoints.filter(follower=follower_name, due_at__isnull=False)
    waiting.update(due_at=now(database), attempts=0)


def _orphans(database: BaseDatabaseWrapper) -> list[str]:
    """Return the names of followers without an endpoint. A process that follows for one of them
    notices within seconds that it is deleted."""
    endpoints = WebhookEndpointRecord.objects.using(database.alias).values_list("pk", flat=True)
    names = {f"{FOLLOWER_NAMES}{pk}" for pk in endpoints}
    followers = FollowerRecord.objects.using(database.alias)
    found = followers.filter(name__startswith=FOLLOWER_NAMES).values_list("name", flat=True)
    return sorted(set(found) - names)
