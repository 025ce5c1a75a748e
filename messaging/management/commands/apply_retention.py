"""`manage.py apply_retention`: turn messages that are too old into tombstones."""

import asyncio
import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.domain.conversation import ConversationKind
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.personal_data.audit import Actor, ActorKind
from messaging.domain.personal_data.jobs import Job, JobState
from messaging.domain.personal_data.retention import DEFAULT_RATE, MAX_RATE, lifetime_of
from messaging.management.instances import opened_instance
from messaging.management.jobs import ATTEMPTS, follow_job
from messaging.management.reasons import add_reason
from messaging.personal_data.retention.preview import preview
from messaging.services.operators.personal_data import apply_retention

_BY = Actor(kind=ActorKind.COMMAND, name="apply_retention")
_NOTHING = (
    "Every conversation keeps its messages for ever. Set CHAT_RETENTION_DIRECT_DAYS, "
    "CHAT_RETENTION_GROUP_DAYS, or the retention of a conversation in the admin."
)

_FAILED = (
    "{number} conversations failed. The log says why, and `manage.py verify_conversations` checks "
    "them. The next call tries them again."
)


class Command(BaseCommand):
    help = (
        "Turns the messages that are older than their conversation keeps them into tombstones, and "
        "deletes their files. Prints what was done, as JSON. A running instance does the work; "
        "without one, this command does. Stop it at any time: a running instance, or the next "
        "call, goes on. The exit code is 1 if something is left undone by a failure. See "
        "docs/retention.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="count what is too old, and change no message"
        )
        parser.add_argument(
            "--rate",
            type=_rate,
            default=DEFAULT_RATE,
            metavar="N",
            help=f"the most messages a second, from 1 to {MAX_RATE}; {DEFAULT_RATE} by default",
        )
        parser.add_argument(
            "--limit", type=_positive, metavar="N", help="the most messages of this run"
        )
        add_reason(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["dry_run"]:
                counted = asyncio.run(_preview())
                self._print(counted)
                if counted["failed_conversations"]:
                    raise CommandError(_FAILED.format(number=len(counted["failed_conversations"])))
                return
            job = asyncio.run(
                _apply(
                    rate=options["rate"],
                    limit=options["limit"],
                    reason=options["reason"],
                    show=lambda line: self.stderr.write(line, str),
                )
            )
        except StoreUnavailable:
            raise CommandError(
                "The store does not answer. Run `manage.py doctor`, then this command again: it "
                "goes on."
            ) from None
        if job is None:
            self.stdout.write(_NOTHING)
            return
        if job.state is not JobState.DONE or job.result is None:
            failed = "was given up" if job.state.ended else f"failed {ATTEMPTS} times"
            raise CommandError(
                f"Job {job.id} {failed}. The log says why. The next call of this command goes on."
            )
        self._print(job.result)
        if job.result["failed"]:
            raise CommandError(_FAILED.format(number=job.result["failed"]))

    def _print(self, result: Any) -> None:
        self.stdout.write(json.dumps(result, indent=2))


async def _preview() -> Any:
    async with opened_instance() as instance:
        return await preview(instance.jobs.parts)


async def _apply(
    *, rate: int, limit: int | None, reason: str, show: Callable[[str], object]
) -> Job | None:
    """Return the job, or None if nothing limits how long messages are kept."""
    async with opened_instance() as instance:
        limited = any(lifetime_of(kind) is not None for kind in ConversationKind)
        if not limited and not await instance.jobs.parts.retention.has_rules():
            return None
        job = await apply_retention(instance, by=_BY, rate=rate, limit=limit, reason=reason)
        if (job.notes["rate"], job.notes["limit"]) != (rate, limit):
            show("A run with another rate or limit is under way. This command waits for it.")
        return await follow_job(instance, job, show=show)


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError("Give a whole number from 1.")
    return int(text)


def _rate(text: str) -> int:
    rate = _positive(text)
    if rate > MAX_RATE:
        raise ArgumentTypeError(f"Give a whole number from 1 to {MAX_RATE}.")
    return rate
