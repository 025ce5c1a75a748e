"""The notifier: runs one job, from any source.

It checks again everything that may have changed since the job was created: who is still in the
conversation, what was read, deleted or muted. The people are claimed before a push is sent, and
each outcome is recorded. Both are one write for at most 500 people.

Guarantee: nobody gets two pushes while the owner of the claim lives. Slow work renews its claim, no
push is sent under a lapsed claim, and sent pushes are recorded with as many retries as the store
needs. If a worker is killed between the answer of the push service and its own record, the claim
lapses and the push is repeated with the same tag.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from messaging.concurrency.retries import until_answered
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.message import Message
from messaging.domain.own.state import effective_read_seq
from messaging.domain.participant import ReadPosition
from messaging.domain.recipients import Decision, Reason, Recipient, Verdict
from messaging.notifications.claim_lease import ClaimLease
from messaging.notifications.decisions import (
    circumstances_of,
    dropped,
    note_decided,
    outcome_of,
    ruled_out,
)
from messaging.notifications.devices.known_without import KnownWithout, Moment
from messaging.notifications.jobs import (
    ClearJob,
    FollowJob,
    Job,
    NotifyJob,
    RetryLater,
    WithdrawJob,
)
from messaging.notifications.options import get_options
from messaging.notifications.parts import Parts
from messaging.notifications.policy import Action, Stage, rule
from messaging.notifications.push.protocol import PushBackend, PushResult, Status
from messaging.notifications.push.pushes import clear_push, message_push
from messaging.notifications.pusher import Pusher
from messaging.notifications.removal.withdrawal import Withdrawer

logger = structlog.get_logger(__name__)

_FRESH_SECONDS = 1.0
"""Jobs younger than this do not read positions from the store; only Redis is checked."""
_STORE_SECONDS = 5.0
"""The pause between retries."""


class Notifier:
    def __init__(
        self,
        parts: Parts,
        push: PushBackend,
        *,
        follow: Callable[[FollowJob], None] | None = None,
        note_without: Callable[[Collection[str]], None] | None = None,
    ) -> None:
        """Create a notifier. `follow` handles the jobs of webhooks, in a process that delivers
        them. Without it they are dropped: checkpoints know what is to be delivered. `note_without`
        hears of people of whom a read found no device."""
        self._parts = parts
        self._follow = follow
        self._note_without = note_without
        self._pusher = Pusher(parts.recipients, push)
        self._known_without = KnownWithout()
        self._withdrawer = Withdrawer(parts, self._pusher)

    async def run(self, job: Job) -> RetryLater | None:
        """Run a job. Return None when it is done."""
        try:
            match job:
                case ClearJob():
                    return await self._clear(job)
                case WithdrawJob():
                    return await self._withdrawer.run(job)
                case NotifyJob():
                    return await self._notify(job)
                case FollowJob():
                    if self._follow is not None:
                        self._follow(job)
                    return None
        except StoreUnavailable:
            return RetryLater(seconds=_STORE_SECONDS, reason="store_unavailable")

    async def _notify(self, job: NotifyJob) -> RetryLater | None:
        options = get_options()
        now = datetime.now(UTC)
        expires_at = now + options.kept_time
        seen = await self._parts.acknowledged.positions(job.conversation_id, job.user_ids)
        # People who acknowledged in time have no decision: their position shows it.
        unseen = [user_id for user_id in job.user_ids if seen.get(user_id, 0) < job.seq]
        decided = {
            user_id: Decision(verdict=Verdict.DROPPED, reason=reason, at=now)
            for user_id, reason in job.dropped.items()
        }
        recipients: Mapping[str, Recipient] = {}
        if time.time() - job.made_at > options.stale:
            decided |= {user_id: dropped(Reason.STALE, now) for user_id in unseen}
        elif unseen and job.attempt == 0:  # later, people without one are decided
            without, recipients = await self._look_for_devices(unseen, job)
            if not job.dropped and len(without) == len(unseen):
                note_decided(job, dict.fromkeys(without, dropped(Reason.NO_DEVICE, now)))
                return None  # nobody rings: without a row, readers see that they had no device
            decided |= dict.fromkeys(without, dropped(Reason.NO_DEVICE, now))
        wanted = [user_id for user_id in unseen if user_id not in decided]
        if not wanted and not decided:
            return None
        now = datetime.now(UTC)
        until = now + options.lease_time
        claim = await self._parts.decisions.claim(
            job.key, wanted, decided=decided, now=now, until=until, expires_at=expires_at
        )
        if claim.decided:
            note_decided(job, claim.decided)
        again = None
        if claim.busy_until is not None:
            seconds = max((claim.busy_until - now).total_seconds(), 1.0)
            again = RetryLater(seconds=seconds, reason="claimed")
        if claim.taken:
            kept = ClaimLease(
                self._parts.decisions,
                job.key,
                claim.taken,
                until=until,
                lease=options.lease_time,
                expires_at=expires_at,
            )
            async with kept:
                decisions, later = await self._decide(_Work(job, kept, recipients, seen, now))
            if decisions:
                await self._record(job, decisions, expires_at)
            again = later or again
        return again

    async def _look_for_devices(
        self, people: Sequence[str], job: NotifyJob
    ) -> tuple[Sequence[str], Mapping[str, Recipient]]:
        """Return those of these people who had no device after the message was stored, and the
        recipients that were read."""
        now = Moment.now()
        known = self._known_without.among(people, made_at=job.made_at, now=now)
        unknown = [user_id for user_id in people if user_id not in known]
        recipients = await self._parts.recipients.get_recipients(unknown) if unknown else {}
        without = [user_id for user_id, one in recipients.items() if not one.devices]
        self._known_without.add(without, read_at=now)
        if self._note_without is not None:
            self._note_without(without)
        return [*known, *without], recipients

    async def _decide(self, work: "_Work") -> tuple[dict[str, Decision], RetryLater | None]:
        """Decide about the claimed people, and send the pushes."""
        job, now = work.job, work.now
        conversation = await self._parts.store.get_conversation(job.conversation_id)
        message = await self._message(conversation, job)
        if conversation is None or message is None:
            return {user_id: dropped(Reason.DELETED, now) for user_id in work.taken}, None
        read = await self._who_read(conversation, work)
        circumstances = {
            user_id: circumstances_of(user_id, conversation, message, job.stage, user_id in read)
            for user_id in work.taken
        }
        decisions, wanted = ruled_out(circumstances, now)
        recipients = work.recipients
        if unknown := [user_id for user_id in wanted if user_id not in recipients]:
            found = await self._parts.recipients.get_recipients(unknown)
            recipients = {**recipients, **found}
        rulings = {
            user_id: rule(replace(known, recipient=recipients[user_id]), now)
            for user_id, known in wanted.items()
        }
        for user_id, ruling in rulings.items():
            if ruling.action is Action.DROP:
                decisions[user_id] = dropped(ruling.reason, now)
        ringing = [recipients[user_id] for user_id in rulings if user_id not in decisions]
        if not ringing:
            return decisions, None
        sender = await self._parts.name_of(message.sender_id)
        if work.claim.lapsed:
            return decisions, RetryLater(seconds=1, reason="lapsed")
        results = await self._ring(conversation, message, sender, ringing, work)
        again = None
        for recipient in ringing:
            reason = rulings[recipient.user_id].reason
            earlier = work.taken[recipient.user_id].devices
            outcome = outcome_of(reason, earlier, results[recipient.user_id])
            decisions[recipient.user_id] = outcome
            if outcome.verdict is None:
                seconds = max(result.retry_after for result in results[recipient.user_id].values())
                again = RetryLater(
                    seconds=max(seconds, again.seconds if again else 1), reason="later"
                )
        return decisions, again

    async def _message(self, conversation: Conversation | None, job: NotifyJob) -> Message | None:
        """Return the message, unless it is deleted."""
        if conversation is None:
            return None
        message = conversation.last_message
        if message is None or message.id != job.message_id:
            found = await self._parts.store.get_messages(job.conversation_id, [job.message_id])
            message = found.get(job.message_id)
        return message if message is not None and message.deleted_at is None else None

    async def _who_read(self, conversation: Conversation, work: "_Work") -> set[str]:
        """Return the people who have read the message. The store is read only for people unknown to
        Redis."""
        age = time.time() - work.job.made_at
        unknown = [user_id for user_id in work.taken if user_id not in work.seen]
        if work.job.stage is Stage.SENT and 0 <= age < _FRESH_SECONDS:
            unknown = []
        positions = await self._positions(conversation, unknown)
        return {
            user_id
            for user_id in work.taken
            if effective_read_seq(
                conversation, positions.get(user_id, ReadPosition(user_id=user_id))
            )
            >= work.job.seq
        }

    async def _positions(
        self, conversation: Conversation, user_ids: Sequence[str]
    ) -> Mapping[str, ReadPosition]:
        store = self._parts.store
        if 2 * len(user_ids) > len(conversation.participants):
            found = await store.list_read_positions(conversation.id)
            return {position.user_id: position for position in found}
        each = await asyncio.gather(
            *(store.get_read_positions(user_id, [conversation.id]) for user_id in user_ids)
        )
        return {
            user_id: own[conversation.id]
            for user_id, own in zip(user_ids, each, strict=True)
            if conversation.id in own
        }

    async def _ring(
        self,
        conversation: Conversation,
        message: Message,
        sender: str,
        ringing: Sequence[Recipient],
        work: "_Work",
    ) -> Mapping[str, Mapping[str, PushResult]]:
        """Push to every device that has not had it yet. Return the results by person and device."""
        user_ids = [recipient.user_id for recipient in ringing]
        badges = await self._parts.badges.add(conversation.id, message.seq, user_ids)
        pushes = [
            message_push(
                conversation,
                message,
                recipient,
                device,
                sender=sender,
                badge=badges.get(recipient.user_id),
            )
            for recipient in ringing
            for device in recipient.devices
            if work.taken[recipient.user_id].devices.get(device.id) != Status.SENT
        ]
        results: dict[str, dict[str, PushResult]] = {user_id: {} for user_id in user_ids}
        for push, result in zip(pushes, await self._pusher.send(pushes), strict=True):
            results[push.user_id][push.device.id] = result
        return results

    async def _clear(self, job: ClearJob) -> RetryLater | None:
        if time.time() - job.made_at > get_options().stale:
            return None
        recipients = await self._parts.recipients.get_recipients([job.user_id])
        badge = await self._parts.badges.count(job.user_id)
        pushes = [
            clear_push(job.conversation_id, job.user_id, device, read_seq=job.read_seq, badge=badge)
            for device in recipients[job.user_id].devices
        ]
        results = await self._pusher.send(pushes)
        later = [result.retry_after for result in results if result.status is Status.LATER]
        return RetryLater(seconds=max(later), reason="later") if later else None

    async def _record(
        self, job: NotifyJob, decisions: Mapping[str, Decision], expires_at: datetime
    ) -> None:
        """Record the outcome, with retries. The push was sent, and must not be repeated because the
        store is down. Once the job is stale, nobody gets a push any more."""
        await until_answered(
            lambda: self._parts.decisions.record(job.key, decisions, expires_at=expires_at),
            too_late=lambda: time.time() - job.made_at > get_options().stale,
        )
        note_decided(job, decisions)
        failed = [one for one, made in decisions.items() if made.verdict is Verdict.FAILED]
        if failed:
            await self._parts.announce_failed(job.conversation_id, job.message_id, failed)


@dataclass(frozen=True, slots=True)
class _Work:
    job: NotifyJob
    claim: ClaimLease
    recipients: Mapping[str, Recipient]
    """The positions that were already read."""
    seen: Mapping[str, int]
    now: datetime

    @property
    def taken(self) -> Mapping[str, Decision]:
        return self.claim.taken
