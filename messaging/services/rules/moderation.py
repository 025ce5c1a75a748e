"""Moderation in services: texts are judged before they are stored, and what is flagged is reported.

A flag is recorded before its message is stored: a crash in between must not lose it. If the message
is then refused, its report is closed.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import structlog

from messaging.changes.profile_rules import require_name
from messaging.changes.text_rules import require_title
from messaging.domain.change import COMMIT_TIME
from messaging.domain.exceptions import MessagingError, StoreUnavailable, Unavailable
from messaging.domain.identifiers import random_id
from messaging.domain.integrations.moderation import MODERATION_ID, Judgement, Submission, TextKind
from messaging.domain.reports import Report, ReportCopy, ReportStatus
from messaging.domain.signals import report_created
from messaging.runtime.instance import Instance
from messaging.services.rules.carried_through import carried_through

logger = structlog.get_logger(__name__)

T = TypeVar("T")


async def judge(instance: Instance, submission: Submission) -> Judgement:
    """Return the judgement on a text. Without any rule it may be stored as it is. Raises
    RefusedByModeration."""
    if not instance.moderation.active:
        return Judgement(text=submission.text)
    return await instance.moderation.judge(submission)


async def stored_with_report(
    instance: Instance,
    submission: Submission,
    judgement: Judgement,
    store: Callable[[], Awaitable[T]],
) -> T:
    """Report a flagged text, store it, and return what `store` returns. Raises its errors, and
    StoreUnavailable."""
    if not judgement.flags:
        return await store()
    return await _stored_with_report(instance, submission, judgement, store)


@carried_through
async def _stored_with_report(
    instance: Instance,
    submission: Submission,
    judgement: Judgement,
    store: Callable[[], Awaitable[T]],
) -> T:
    report = await _report(instance, submission, judgement)
    try:
        stored = await store()
    except Unavailable:
        raise  # it may be stored
    except MessagingError:
        with suppress(StoreUnavailable):
            await instance.reports.close_report(report.id, ReportStatus.DISMISSED, by=MODERATION_ID)
        raise
    instance.signals.send(report_created, report=report)
    return stored


async def moderated_title(
    instance: Instance, user_id: str, conversation_id: str, title: str | None
) -> str | None:
    """Return the title to store for a conversation. Raises RefusedByModeration,
    StoreUnavailable."""
    if not title or not instance.moderation.active:
        return title
    submission = Submission(
        kind=TextKind.TITLE,
        user_id=user_id,
        text=title,
        conversation_id=conversation_id,
        require_text=require_title,
    )
    return await _judged(instance, submission)


async def moderated_name(instance: Instance, user_id: str, name: str | None) -> str | None:
    """Return the name to store for a person. Raises RefusedByModeration, StoreUnavailable."""
    if not name or not instance.moderation.active:
        return name
    submission = Submission(
        kind=TextKind.NAME, user_id=user_id, text=name, require_text=require_name
    )
    return await _judged(instance, submission)


async def _judged(instance: Instance, submission: Submission) -> str:
    judgement = await judge(instance, submission)
    if judgement.flags:
        report = await _report(instance, submission, judgement)
        instance.signals.send(report_created, report=report)
    return judgement.text


async def _report(instance: Instance, submission: Submission, judgement: Judgement) -> Report:
    """Report a flagged text to the operators. A retry may report it twice. Raises
    StoreUnavailable."""
    report = Report(
        id=random_id(),
        conversation_id=submission.conversation_id or "",
        message_id=submission.message_id or "",
        author_id=submission.user_id,
        reporter_id=MODERATION_ID,
        reason="\n".join(judgement.flags),
        created_at=COMMIT_TIME,
    )
    stored, _ = await instance.reports.put_report(report, copy=ReportCopy(text=judgement.text))
    logger.info("text.flagged", report_id=stored.id, kind=submission.kind.value)
    return stored
