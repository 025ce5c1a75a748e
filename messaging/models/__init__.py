"""The tables of the SQL store. Only `messaging.stores.sql` writes them; and for those that every
store has in `DATABASE_URL`, `messaging.stores.database`, `messaging.followers` and
`messaging.search`."""

from messaging.models.attachments import AttachmentRecord
from messaging.models.conversations import (
    ConversationRecord,
    MessageRecord,
    ParticipantRecord,
    ReadPositionRecord,
)
from messaging.models.deletions import DeletionRecord, LoadRecord
from messaging.models.followers import (
    CheckpointRecord,
    FollowerRecord,
    SweepOfFollowersRecord,
)
from messaging.models.instances import DecisionRecord, EpochRecord, LinkNoteRecord, SweepRecord
from messaging.models.moderation import ModerationHookRecord, WordListRecord
from messaging.models.moves import StoreMoveRecord, StoreProcessRecord, TouchedRecord
from messaging.models.people import DeviceRecord, PersonRecord, RecipientRecord
from messaging.models.personal_data import (
    AuditEntryRecord,
    AuditSubjectRecord,
    JobRecord,
    LegalHoldRecord,
    RetentionRecord,
    RetentionRuleRecord,
    RetentionSweepRecord,
)
from messaging.models.reactions import ReactionRecord
from messaging.models.reports import ReportCopyRecord, ReportRecord
from messaging.models.search import SearchMembershipRecord, SearchMessageRecord
from messaging.models.service_accounts import (
    ServiceAccountRecord,
    ServiceActionRecord,
    ServiceTokenRecord,
)
from messaging.models.webhooks import WebhookDeliveryRecord, WebhookEndpointRecord

__all__ = [
    "AttachmentRecord",
    "AuditEntryRecord",
    "AuditSubjectRecord",
    "CheckpointRecord",
    "ConversationRecord",
    "DecisionRecord",
    "DeletionRecord",
    "DeviceRecord",
    "EpochRecord",
    "FollowerRecord",
    "JobRecord",
    "LegalHoldRecord",
    "LinkNoteRecord",
    "LoadRecord",
    "MessageRecord",
    "ModerationHookRecord",
    "ParticipantRecord",
    "PersonRecord",
    "ReactionRecord",
    "ReadPositionRecord",
    "RecipientRecord",
    "ReportCopyRecord",
    "ReportRecord",
    "RetentionRecord",
    "RetentionRuleRecord",
    "RetentionSweepRecord",
    "SearchMembershipRecord",
    "SearchMessageRecord",
    "ServiceAccountRecord",
    "ServiceActionRecord",
    "ServiceTokenRecord",
    "StoreMoveRecord",
    "StoreProcessRecord",
    "SweepOfFollowersRecord",
    "SweepRecord",
    "TouchedRecord",
    "WebhookDeliveryRecord",
    "WebhookEndpointRecord",
    "WordListRecord",
]
