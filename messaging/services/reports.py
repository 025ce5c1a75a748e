"""Reports of messages to the operators."""

from dataclasses import dataclass

import structlog

from messaging.changes.messages.changed import require_visible
from messaging.changes.text_rules import normalise_newlines, require_reason
from messaging.domain.change import COMMIT_TIME
from messaging.domain.exceptions import MessageNotFound, PermissionDenied
from messaging.domain.identifiers import derived_id, require_message_id
from messaging.domain.reports import Report, ReportCopy
from messaging.domain.signals import report_created
from messaging.runtime.instance import Instance
from messaging.services.rules.carried_through import carried_through
from messaging.services.rules.rights import access_conversation

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeReport:
    report: Report
    created: bool
    """False if this person has already reported this message: the report is the first one."""


@carried_through
async def report_message(
    instance: Instance, *, user_id: str, conversation_id: str, message_id: str, reason: str
) -> MadeReport:
    """Report a message to the operators. Idempotent. The operators keep a copy of its content, see
    `messaging.stores.reports`.

    Raises InvalidRequest, ConversationNotFound, NotAParticipant, MessageNotFound (also for a
    deleted message), PermissionDenied for a system message, StoreUnavailable.
    """
    reason = normalise_newlines(reason)
    require_reason(reason)
    conversation = await access_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    require_message_id(message_id)
    found = await instance.store.get_messages(conversation_id, [message_id])
    message = require_visible(conversation, user_id, found, message_id)
    report_id = derived_id("report", user_id, message_id)
    if message.deleted_at is not None:
        first = await instance.reports.get_report(report_id)
        if first is None:
            raise MessageNotFound
        return MadeReport(report=first, created=False)
    if message.is_system:
        raise PermissionDenied("A system message cannot be reported.")
    report = Report(
        id=report_id,
        conversation_id=conversation_id,
        message_id=message_id,
        author_id=message.sender_id,
        reporter_id=user_id,
        reason=reason,
        created_at=COMMIT_TIME,
    )
    copy = ReportCopy(text=message.text or "", attachments=message.attachments)
    stored, created = await instance.reports.put_report(report, copy=copy)
    if created:
        logger.info("message.reported", conversation_id=conversation_id, message_id=message_id)
        instance.signals.send(report_created, report=stored)
    return MadeReport(report=stored, created=created)
