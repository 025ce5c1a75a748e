"""The tables of the SQL store. Only `messaging.stores.sql`, and
`messaging.stores.database` for those that every store has there, write them."""

from messaging.models.attachments import AttachmentRecord
from messaging.models.conversations import (
    ConversationRecord,
    MessageRecord,
    ParticipantRecord,
    ReadPositionRecord,
)
from messaging.models.instances import DecisionRecord, EpochRecord, LinkNoteRecord, SweepRecord
from messaging.models.moderation import ModerationHookRecord, WordListRecord
from messaging.models.people import DeviceRecord, PersonRecord, RecipientRecord
from messaging.models.reactions import ReactionRecord
from messaging.models.reports import ReportCopyRecord, ReportRecord
from messaging.models.service_accounts import (
    ServiceAccountRecord,
    ServiceActionRecord,
    ServiceTokenRecord,
)

__all__ = [
    "AttachmentRecord",
    "ConversationRecord",
    "DecisionRecord",
    "DeviceRecord",
    "EpochRecord",
    "LinkNoteRecord",
    "MessageRecord",
    "ModerationHookRecord",
    "ParticipantRecord",
    "PersonRecord",
    "ReactionRecord",
    "ReadPositionRecord",
    "RecipientRecord",
    "ReportCopyRecord",
    "ReportRecord",
    "ServiceAccountRecord",
    "ServiceActionRecord",
    "ServiceTokenRecord",
    "SweepRecord",
    "WordListRecord",
]
