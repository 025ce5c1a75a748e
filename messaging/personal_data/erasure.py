"""The erasure of a person, in steps that can each be repeated."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from messaging.domain.people import ERASING
from messaging.domain.personal_data.audit import AuditEntry
from messaging.domain.personal_data.jobs import Job, JobState
from messaging.personal_data.account import AccountErasure
from messaging.personal_data.conversations import ConversationErasure
from messaging.personal_data.erasure_receipts import receipt_of
from messaging.personal_data.evidence import Evidence
from messaging.personal_data.holds import Held, holds_on
from messaging.personal_data.parts import Parts
from messaging.personal_data.progress import Progress

logger = structlog.get_logger(__name__)

SETTLE_SECONDS = 8.0
"""How long the instances may still write what a person did before their access was revoked: the end
of a request, and presence with the next heartbeat (5 s)."""
_ACCESS, _CONVERSATIONS, _ACCOUNT, _TRACES = "access", "conversations", "account", "traces"
_BAN = "banned_until"
"""The note of the ban that holds once the erasure is done."""
_MAX_NAMED = 20
_REQUESTED = "requested"
"""The note that there is evidence of the request."""


class ConversationsFailed(Exception):
    """Some conversations failed; the rest of the erasure is done. The argument is their number."""


class Erasure:
    """Erases the person of a job. Raises LeaseLost, StoreUnavailable, ConversationsFailed; then run
    it again."""

    def __init__(self, parts: Parts, *, settle_seconds: float = SETTLE_SECONDS) -> None:
        self._parts = parts
        self._settle_seconds = settle_seconds
        self._evidence = Evidence(parts.attachments.storage)

    async def run(self, progress: Progress) -> Job:
        """Erase the person, and return the job with the receipt; or the job on hold."""
        try:
            return await self._run(progress)
        except Held as held:
            return await self._defer(progress, held)

    async def _run(self, progress: Progress) -> Job:
        """Do the steps that are left. Raises Held."""
        parts = self._parts

        async def check() -> None:
            await self._check(progress)

        await self._note_request(progress)
        await check()
        conversations = ConversationErasure(parts, progress, check=check)
        account = AccountErasure(parts, progress)
        done = progress.job.step
        if done in {"", _ACCESS}:
            await self._revoke_access(progress)
            done = _CONVERSATIONS
        if done == _CONVERSATIONS:
            progress.begin(_CONVERSATIONS)
            await progress.save()
            await conversations.run()
            done = _ACCOUNT
        if done == _ACCOUNT:
            await check()
            progress.begin(_ACCOUNT)
            await progress.save()
            await account.run()
        await check()
        progress.begin(_TRACES)
        await progress.save()
        # Others may have added the person to a group, or set their profile, behind the walk.
        failed = await conversations.run()
        await account.run()
        await self.remove_traces(progress)
        await self._require_all(progress, failed)
        await self._put_receipt(progress)
        # A load that has ended by now did not find the receipt. A later one finds it, and asks for
        # another erasure.
        before = progress.job.counts
        failed = await conversations.run()
        await account.run()
        await self._require_all(progress, failed)
        if progress.job.counts != before:
            await self._put_receipt(progress)
        return await self._finish(progress)

    async def _require_all(self, progress: Progress, failed: Sequence[str]) -> None:
        """Require that no conversation has failed. The job names some of those that have. Raises
        ConversationsFailed."""
        if failed:
            named = {"failed_conversations": list(failed[:_MAX_NAMED])}
            progress.job = replace(progress.job, result=named)
            raise ConversationsFailed(len(failed))

    async def _note_request(self, progress: Progress) -> None:
        """Keep evidence of the request, once: a restored backup may not have the job."""
        job = progress.job
        if _REQUESTED in job.notes:
            return
        await self._evidence.put_request(
            job.person_id, job_id=job.id, requested_at=job.requested_at
        )
        progress.note(**{_REQUESTED: True})
        await progress.save()

    async def _check(self, progress: Progress) -> None:
        """Look whether the erasure may go on, and keep the person out. Raises Held."""
        parts, user_id = self._parts, progress.job.person_id
        if holds := await holds_on(user_id, jobs=parts.jobs, store=parts.store):
            raise Held(holds)
        if _BAN not in progress.job.notes:
            return  # the sign-ins are not revoked yet
        present = (await parts.people.get_access(user_id)).banned_until
        if present != ERASING:
            # An operator has banned or unbanned the person. That holds once the erasure is done.
            progress.note(**{_BAN: _written(present)})
            await progress.save()
            await self._keep_out(user_id)

    async def _defer(self, progress: Progress, held: Held) -> Job:
        """Let the person in again, and return the job on hold. Afterwards, it revokes their
        sign-ins again, and goes on where it was."""
        job = progress.job
        logger.info("erasure.held", job_id=job.id, holds=len(held.holds))
        await self._restore_ban(job)
        return replace(
            job,
            state=JobState.HELD,
            step=_ACCESS if job.step else "",
            notes={name: value for name, value in job.notes.items() if name != _BAN},
            result={"held_by": sorted({one.kind.value for one in held.holds})},
            attempts=0,
        )

    async def _revoke_access(self, progress: Progress) -> None:
        """Ban the person until the erasure is done: what they write meanwhile would stay."""
        people, user_id = self._parts.people, progress.job.person_id
        progress.begin(_ACCESS)
        present = (await people.get_access(user_id)).banned_until
        if present != ERASING or _BAN not in progress.job.notes:
            progress.note(**{_BAN: "" if present == ERASING else _written(present)})
        await progress.save()
        revoked_at = (await people.log_out(user_id)).valid_after
        progress.note(revoked_at=_written(revoked_at))
        await self._keep_out(user_id)

    async def _keep_out(self, user_id: str) -> None:
        access = await self._parts.people.set_ban(user_id, until=ERASING)
        await self._parts.apply_access(access)
        await asyncio.sleep(self._settle_seconds)

    async def _restore_ban(self, job: Job) -> datetime | None:
        """Put the ban from before in the place of that of the erasure, and return its end. A ban or
        its end that an operator has set since stays."""
        parts, user_id = self._parts, job.person_id
        present = (await parts.people.get_access(user_id)).banned_until
        if present != ERASING:
            return present
        until = _read(job.notes.get(_BAN))
        await parts.apply_access(await parts.people.set_ban(user_id, until=until))
        return until

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

    async def _put_receipt(self, progress: Progress) -> None:
        """Keep the receipt as evidence, in the place of an earlier one, and in the job."""
        parts, job = self._parts, progress.job
        at = datetime.now(UTC)
        present = (await parts.people.get_access(job.person_id)).banned_until
        until = _read(job.notes.get(_BAN)) if present == ERASING else present
        receipt = receipt_of(
            job,
            at=at,
            open_reports=await parts.erasure.count_open_reports(job.erased_id),
            banned=until is not None and until > at,
            moved=(await parts.moves.look()).source != "",
        )
        await self._evidence.put(job.person_id, receipt)
        progress.job = replace(job, result=receipt)

    async def _finish(self, progress: Progress) -> Job:
        parts, job = self._parts, progress.job
        await self._restore_ban(job)
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
        at = datetime.now(UTC)
        return replace(job, state=JobState.DONE, step="", finished_at=at, attempts=0)

    async def forget(self, progress: Progress) -> Job:
        """End the revocation of earlier sign-ins, whose tokens have expired, and forget the id. A
        later erasure of the same person does that itself. While an endpoint still waits for the
        event, return the job as it is: it is tried again a day later."""
        parts, job = self._parts, progress.job
        if not await parts.traces.forget_erased_event(job.id, job.erased_id):
            return replace(job, attempts=0)
        if not await parts.jobs.has_later_erasure(job):
            revoked_at = _read(job.notes.get("revoked_at")) or job.finished_at
            assert revoked_at is not None
            await parts.erasure.remove_access(job.person_id, up_to=revoked_at)
            if not await parts.erasure.list_positions(job.person_id, limit=1):
                await self.remove_traces(progress)  # else they belong to the person who is back
        return replace(progress.job, person_id="", notes={}, attempts=0)


def _written(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


def _read(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
