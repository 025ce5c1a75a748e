"""What the jobs use of an instance."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from messaging.attachments.attachments import Attachments
from messaging.commits.writer import Writer
from messaging.domain.people import Access
from messaging.domain.personal_data.jobs import Job
from messaging.notifications.badges import Badges
from messaging.redis.traces import RedisTraces
from messaging.stores.conversations import Store
from messaging.stores.database.audit import AuditTrail
from messaging.stores.database.jobs import JobStore
from messaging.stores.database.moves import MoveStore
from messaging.stores.database.retention import RetentionStore
from messaging.stores.database.traces import TraceStore
from messaging.stores.epochs import EpochStore
from messaging.stores.erasure import ErasureStore
from messaging.stores.exchange import ExchangeStore
from messaging.stores.people import PeopleStore
from messaging.stores.recipients import RecipientStore
from messaging.stores.reports import ReportStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    store: Store
    erasure: ErasureStore
    exchange: ExchangeStore
    recipients: RecipientStore
    people: PeopleStore
    reports: ReportStore
    attachments: Attachments
    writer: Writer
    badges: Badges
    jobs: JobStore
    moves: MoveStore
    retention: RetentionStore
    epochs: EpochStore
    traces: TraceStore
    audit: AuditTrail
    redis: RedisTraces
    apply_access: Callable[[Access], Awaitable[None]]
    """Closes the sockets of a person whose sign-ins were revoked, on all instances."""
    publish_person: Callable[[str], None]
    """Invalidates the copies of a person's profile, on all instances."""
    announce: Callable[[Job], Awaitable[None]]
    """Tells the webhook endpoints that a person was erased."""
