"""A run of retention, as a job: it works for some seconds, then lets other jobs have their turn."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import structlog

from messaging.domain.conversation import ConversationKind
from messaging.domain.exceptions import Unavailable
from messaging.domain.personal_data.audit import AuditEntry
from messaging.domain.personal_data.jobs import Job, JobState
from messaging.personal_data.parts import Parts
from messaging.personal_data.progress import LeaseLost, Progress
from messaging.personal_data.retention.conversation import (
    ConversationRetention,
    HeldConversation,
)
from messaging.personal_data.retention.discovery import discover
from messaging.personal_data.retention.due import Due, Place, list_due
from messaging.personal_data.retention.pace import LimitReached, Pace, Paused

logger = structlog.get_logger(__name__)

SLICE_SECONDS = 20.0
_DISCOVERY, _CONVERSATIONS = "discovery", "conversations"
_NOW, _PLACE, _LIMITED = "now", "place", "limited"
_MAX_NAMED = 20


class Retention:
    """Applies retention. Raises LeaseLost, StoreUnavailable; then run it again."""

    def __init__(self, parts: Parts, *, slice_seconds: float = SLICE_SECONDS) -> None:
        self._parts = parts
        self._slice_seconds = slice_seconds

    async def run(self, progress: Progress) -> Job:
        """Return the job as it is when its turn is over, or when it is done."""
        try:
            if progress.job.step in {"", _DISCOVERY}:
                progress.begin(_DISCOVERY)
                progress.note(**{_NOW: (await self._parts.store.now()).isoformat()})
                await progress.save()
                for id_ in await discover(self._parts):
                    _note_failed(progress, id_)
                progress.begin(_CONVERSATIONS)
                await progress.save()
            await self._conversations(progress)
        except Paused:
            return progress.job
        except LimitReached:
            progress.note(**{_LIMITED: True})
        return await self._finish(progress)

    async def _conversations(self, progress: Progress) -> None:
        """Go through the conversations that may be due. Raises Paused, LimitReached."""
        notes = progress.job.notes
        limit = notes["limit"]
        pace = Pace(
            rate=notes["rate"],
            left=None if limit is None else max(limit - _messages(progress.job), 0),
            seconds=self._slice_seconds,
        )
        now = datetime.fromisoformat(notes[_NOW])
        one_by_one = ConversationRetention(self._parts, progress, pace, now=now)
        after = Place.from_note(notes.get(_PLACE))
        async for due in list_due(self._parts.retention, now=now, after=after):
            pace.check()
            await self._one(progress, one_by_one, due)
            progress.note(**{_PLACE: due.place.to_note()})
            progress.advance()
            await progress.save()

    async def _one(self, progress: Progress, one_by_one: ConversationRetention, due: Due) -> None:
        """Do one conversation. If it fails, count it, and go on with the others."""
        id_, kind = due.progress.conversation_id, due.progress.kind.value
        try:
            await one_by_one.run(due)
        except HeldConversation:
            progress.count({f"{kind}_held": 1})
        except (Paused, LimitReached, LeaseLost, Unavailable):
            raise
        except Exception:
            logger.exception("retention.conversation_failed", conversation_id=id_)
            _note_failed(progress, id_)

    async def _finish(self, progress: Progress) -> Job:
        parts, job = self._parts, progress.job
        await parts.traces.merge_search()
        result = result_of(job)
        detail = {f"{kind}_messages": str(number) for kind, number in result["messages"].items()}
        await parts.audit.record(
            AuditEntry(
                actor=job.requested_by,
                action="retention.applied",
                reason=job.reason,
                detail={"job": job.id, **detail, "failed": str(result["failed"])},
            )
        )
        logger.info("retention.applied", job_id=job.id, **dict(job.counts))
        return replace(
            job,
            state=JobState.DONE,
            step="",
            result=result,
            finished_at=datetime.now(UTC),
            attempts=0,
        )


def _note_failed(progress: Progress, conversation_id: str) -> None:
    failed = progress.job.notes.get("failed", [])
    if conversation_id not in failed:  # it may be found twice: as changed, and as due
        progress.count({"failed": 1})
        progress.note(failed=[*failed, conversation_id][:_MAX_NAMED])


def result_of(job: Job) -> dict[str, Any]:
    """Return what a run has done."""
    counts = job.counts

    def by_kind(what: str) -> dict[str, int]:
        return {kind.value: counts.get(f"{kind.value}_{what}", 0) for kind in ConversationKind}

    return {
        "messages": by_kind("messages"),
        "conversations": by_kind("conversations"),
        "held_conversations": by_kind("held"),
        "attachments": counts.get("attachments", 0),
        "search_entries": counts.get("search_entries", 0),
        "failed": counts.get("failed", 0),
        "failed_conversations": job.notes.get("failed", []),
        "limit_reached": job.notes.get(_LIMITED, False),
    }


def _messages(job: Job) -> int:
    return sum(job.counts.get(f"{kind.value}_messages", 0) for kind in ConversationKind)
