"""Builds the jobs of an instance."""

from collections.abc import Awaitable
from typing import Protocol

from messaging.attachments.attachments import Attachments
from messaging.commits.writer import Writer
from messaging.delivery.publisher import Publisher
from messaging.domain.people import Access
from messaging.domain.personal_data.jobs import Job
from messaging.notifications.badges import Badges
from messaging.personal_data.parts import Parts
from messaging.personal_data.runner import Jobs
from messaging.redis.client import Client
from messaging.redis.traces import RedisTraces
from messaging.stores import Stores
from messaging.stores.conversations import Store
from messaging.stores.database.audit import AuditTrail
from messaging.stores.database.jobs import JobStore
from messaging.stores.database.moves import MoveStore
from messaging.stores.database.retention import RetentionStore
from messaging.stores.database.traces import TraceStore
from messaging.stores.people import PeopleStore
from messaging.stores.reports import ReportStore
from messaging.stores.sql.connections.calls import Calls
from messaging.webhooks.webhooks import Webhooks


class Host(Protocol):
    """What it takes of an instance."""

    @property
    def attachments(self) -> Attachments: ...
    @property
    def badges(self) -> Badges: ...
    @property
    def boot_id(self) -> str: ...
    @property
    def database(self) -> Calls: ...
    @property
    def people(self) -> PeopleStore: ...
    @property
    def publisher(self) -> Publisher: ...
    @property
    def reports(self) -> ReportStore: ...
    @property
    def store(self) -> Store: ...
    @property
    def stores(self) -> Stores: ...
    @property
    def webhooks(self) -> Webhooks: ...
    @property
    def writer(self) -> Writer: ...
    def apply_access(self, access: Access) -> Awaitable[None]: ...


def make_jobs(instance: Host, redis: Client | None) -> Jobs:
    """Return the jobs of an instance."""

    async def announce(job: Job) -> None:
        await instance.webhooks.put_erased(
            job_id=job.id, user_id=job.person_id, erased_id=job.erased_id
        )

    async def apply_access(access: Access) -> None:
        await instance.apply_access(access)

    parts = Parts(
        store=instance.store,
        erasure=instance.stores.erasure,
        exchange=instance.stores.exchange,
        recipients=instance.stores.recipients,
        people=instance.people,
        reports=instance.reports,
        attachments=instance.attachments,
        writer=instance.writer,
        badges=instance.badges,
        jobs=JobStore(instance.database),
        moves=MoveStore(instance.database),
        retention=RetentionStore(instance.database),
        epochs=instance.stores.epochs,
        traces=TraceStore(instance.database),
        audit=AuditTrail(instance.database),
        redis=RedisTraces(redis),
        apply_access=apply_access,
        publish_person=instance.publisher.publish_person,
        announce=announce,
    )
    return Jobs(parts, owner=instance.boot_id)
