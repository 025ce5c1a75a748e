"""The moderation hook: asks a URL of the operator's own about each text, for at most a second.

The request is signed by the Standard Webhooks specification. While the hook does not answer, or
answers something else than a verdict, the operator's choice applies. After five failures in a row
it is not asked for a while: one text at a time tries whether it answers again.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
import orjson
import structlog

from messaging.concurrency.circuit_breaker import CircuitBreaker
from messaging.domain.exceptions import InvalidRequest, RefusedByModeration
from messaging.domain.identifiers import random_id
from messaging.domain.integrations.moderation import Fallback, HookSettings, Judgement, Submission
from messaging.instruments.outbound_metrics import (
    MODERATED,
    MODERATION_HOOK_OPEN,
    MODERATION_HOOK_SECONDS,
)
from messaging.outbound.client import OutboundClient
from messaging.outbound.failures import OutboundFailed
from messaging.outbound.signing import sign
from messaging.wire.representations import timestamp

logger = structlog.get_logger(__name__)

SECONDS = 1.0
"""The most time that a text waits for the hook, with the wait for a place."""
_AT_ONCE = 64
_FAILURES = 5
_PAUSES = (1.0, 2.0, 5.0, 15.0)
_MAX_REASON = 200


class Action(StrEnum):
    ALLOW = "allow"
    REFUSE = "refuse"
    FLAG = "flag"
    REPLACE = "replace"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of the hook."""

    action: Action
    text: str | None = None
    """The text to store, with `replace`."""
    reason: str = ""
    """Shown to operators, with `flag`."""


class HookFailed(Exception):
    """The hook gave no verdict."""


_decoder = msgspec.json.Decoder(Verdict)


class Hook:
    def __init__(
        self,
        settings: HookSettings,
        client: OutboundClient,
        *,
        seconds: float = SECONDS,
        at_once: int = _AT_ONCE,
        pauses: Sequence[float] = _PAUSES,
    ) -> None:
        """Create a hook. `seconds` is the most time that a text waits, `at_once` the most questions
        that are open, `pauses` those of the circuit breaker."""
        self.settings = settings
        self._client = client
        self._seconds = seconds
        self._places = asyncio.Semaphore(at_once)
        self._breaker = CircuitBreaker(failures=_FAILURES, pauses=pauses)
        self._retired = False
        MODERATION_HOOK_OPEN.set(0)

    def retire(self) -> None:
        """Leave the metric to the next hook, if any. Open questions may still fail."""
        self._retired = True
        MODERATION_HOOK_OPEN.set(0)

    async def judge(self, submission: Submission) -> Judgement:
        """Return the judgement on a text. Raises RefusedByModeration."""
        try:
            verdict = await self.ask(submission)
        except HookFailed:
            MODERATED.labels("unanswered").inc()
            if self.settings.fallback is Fallback.REFUSE:
                MODERATED.labels("refuse").inc()
                raise RefusedByModeration from None
            return Judgement(text=submission.text)
        match verdict.action:
            case Action.REFUSE:
                MODERATED.labels("refuse").inc()
                raise RefusedByModeration
            case Action.REPLACE:
                return Judgement(text=verdict.text or "")
            case Action.FLAG:
                reason = _shown_reason(verdict.reason)
                flag = f"The moderation hook flags it: {reason or 'without a reason'}."
                return Judgement(text=submission.text, flags=(flag,))
        return Judgement(text=submission.text)

    async def ask(self, submission: Submission) -> Verdict:
        """Return the verdict on a text. Raises HookFailed."""
        if not self._breaker.allows():
            raise HookFailed
        begun = time.monotonic()
        if self._places.locked():
            try:
                async with asyncio.timeout(self._seconds):
                    await self._places.acquire()
            except TimeoutError as error:
                raise HookFailed from error  # its other requests vote
        else:
            await self._places.acquire()
        try:
            verdict = await self._ask(submission, self._seconds - (time.monotonic() - begun))
        except (OutboundFailed, InvalidRequest, RecursionError, ValueError) as error:
            self._failed(error)
            raise HookFailed from error
        finally:
            self._places.release()
        MODERATION_HOOK_SECONDS.observe(time.monotonic() - begun)
        if self._breaker.answered() and not self._retired:
            MODERATION_HOOK_OPEN.set(0)
            logger.info("moderation.hook_recovered")
        return verdict

    async def _ask(self, submission: Submission, seconds: float) -> Verdict:
        body = orjson.dumps(_question(submission))
        headers = sign(self.settings.secrets, message_id=f"mod_{random_id()}", body=body)
        answer = await self._client.post(
            self.settings.url, body=body, headers=headers, seconds=seconds
        )
        if not answer.good:
            raise ValueError(f"status {answer.status}")
        verdict = _decoder.decode(answer.body)
        if verdict.action is Action.REPLACE:
            submission.require_text(verdict.text or "")
        return verdict

    def _failed(self, error: Exception) -> None:
        opened = self._breaker.failed()
        if opened and not self._retired:
            MODERATION_HOOK_OPEN.set(1)
            reason = str(error) if isinstance(error, OutboundFailed) else type(error).__name__
            logger.warning("moderation.hook_failing", reason=reason)


def _question(submission: Submission) -> dict[str, Any]:
    """Return the body of a request, with the fields of Standard Webhooks."""
    return {
        "type": f"moderation.{submission.kind}",
        "timestamp": timestamp(datetime.now(UTC)),
        "data": {
            "user_id": submission.user_id,
            "conversation_id": submission.conversation_id,
            "message_id": submission.message_id,
            "client_id": submission.client_id,
            "text": submission.text,
        },
    }


def _shown_reason(reason: str) -> str:
    """Return the hook's reason as operators see it."""
    return " ".join("".join(c if c.isprintable() else " " for c in reason).split())[:_MAX_REASON]
