"""The erasure of a person, in steps that can each be repeated."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from messaging.domain.people import FOREVER
from messaging.domain.personal_data.audit import AuditEntry
from messaging.domain.personal_data.jobs import Job, JobState
from messaging.personal_data.account import AccountErasure
from messaging.personal_data.conversations import ConversationErasure
from messaging.personal_data.evidence import Evidence
from messaging.personal_data.holds import holds_on
from messaging.personal_data.parts import Parts
from messaging.personal_data.progress import Progress
from messaging.personal_data.receipts import receipt_of

logger = structlog.get_logger(__name__)

SETTLE_SECONDS = 8.0
"""How long the instances may still write what a person did before their access was revoked: the end
of a request, and presence with the next heartbeat (5 s)."""
_ACCESS, _CONVERSATIONS, _ACCOUNT, _TRACES = "access", "conversations", "account", "traces"


class Erasure:
    """Erases the person of a job. Raises LeaseLost, StoreUnavailable; then run it again."""

    def __init__(self, parts: Parts, *, settle_seconds: float = SETTLE_SECONDS) -> None:
        self._parts = parts
        self._settle_seconds = settle_seconds
        self._evidence = Evidence(parts.attachments.storage)

    async def run(self, progress: Progress) -> Job:
        """Erase the person, and return the job with the receipt; or the job on hold."""
        holds = await holds_on(
            progress.job.person_id, jobs=self._parts.jobs, store=self._parts.store
        )
        if holds:
            logger.info("erasure.held", job_id=progress.job.id, holds=len(holds))
            held = {"held_by": sorted({one.kind.value for one in holds})}
            return replace(progress.job, state=JobState.HELD, result=held)
        done = progress.job.step
        if done in {"", _ACCESS}:
            await self._revoke_access(progress)
            done = _CONVERSATIONS
        if done == _CONVERSATIONS:
            progress.begin(_CONVERSATIONS)
            await progress.save()
            await ConversationErasure(self._parts, progress).run()
            done = _ACCOUNT
        if done == _ACCOUNT:
            progress.begin(_ACCOUNT)
            await progress.save()
            await AccountErasure(self._parts, progress).run()
        progress.begin(_TRACES)
        await progress.save()
        await self.remove_traces(progress)
        return await self._finish(progress)

    async def _revoke_access(self, progress: Progress) -> None:
        """Ban the person until the erasure is done: what they write meanwhile would stay."""
        people, user_id = self._parts.people, progress.job.person_id
        progress.begin(_ACCESS)
        if "banned_until" not in progress.job.notes:
            until = (await people.get_access(user_id)).banned_until
            progress.note(banned_until="" if until is None else until.isoformat())
        await progress.save()
        await people.log_out(user_id)
        await self._parts.apply_access(await people.set_ban(user_id, until=FOREVER))
        await asyncio.sleep(self._settle_seconds)

    async def remove_traces(self, progress: Progress) -> None:
        """Remove what tables and Redis keep about the person besides the store."""
        parts = self._parts
        user_id, erased_id = progress.job.person_id, progress.job.erased_id
        traces = parts.traces
        webhooks = await traces.replace_in_webhooks(user_id, erased_id)
        services = await traces.replace_in_service_history(user_id, erased_id)
        history = await traces.replace_in_admin_history(user_id, erased_id)
        audit = await parts.audit.replace_person(user_id, erased_id)
        await traces.merge_search()
        keys = await parts.redis.remove(user_id)
        parts.badges.forget_here(user_id)
        progress.count(
            {
                "webhook_deliveries": webhooks,
                "service_history": services,
                "admin_history": history,
                "audit_trail": audit,
                "redis_keys": keys,
            }
        )
        await progress.save()

    async def _finish(self, progress: Progress) -> Job:
        parts, job = self._parts, progress.job
        at = datetime.now(UTC)
        receipt = receipt_of(job, at=at)
        await self._evidence.put(job.person_id, receipt)
        before = job.notes.get("banned_until")
        until = datetime.fromisoformat(before) if before else None
        await parts.apply_access(await parts.people.set_ban(job.person_id, until=until))
        await parts.audit.record(
            AuditEntry(
                actor=job.requested_by,
                action="person.erased",
                person_id=job.erased_id,
                reason=job.reason,
                detail={"job": job.id},
            )
        )
        await parts.announce(job)
        logger.info("person.erased", job_id=job.id, **dict(job.counts))
        return replace(
            job, state=JobState.DONE, step="", result=receipt, finished_at=at, attempts=0
        )

    async def forget(self, progress: Progress) -> Job:
        """End the revocation of earlier sign-ins, whose tokens have expired, and forget the id."""
        parts, user_id = self._parts, progress.job.person_id
        back = await parts.erasure.list_positions(user_id, limit=1)
        await parts.erasure.remove_access(user_id)
        if not back:  # otherwise what is new belongs to the person who is back
            await self.remove_traces(progress)
        return replace(progress.job, person_id="", notes={})
