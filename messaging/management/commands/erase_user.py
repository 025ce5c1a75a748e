"""`manage.py erase_user USER`: erase a person, and print the receipt."""

import asyncio
import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.domain.exceptions import InvalidRequest, StoreUnavailable
from messaging.domain.personal_data.audit import Actor, ActorKind
from messaging.domain.personal_data.jobs import Job, JobState
from messaging.management.instances import opened_instance
from messaging.management.jobs import ATTEMPTS, follow_job
from messaging.management.reasons import add_reason
from messaging.services.operators.personal_data import erase_user

_BY = Actor(kind=ActorKind.COMMAND, name="erase_user")


class Command(BaseCommand):
    help = (
        "Erases a person: their messages become tombstones, and their files, profile, devices and "
        "reactions are deleted. Prints the receipt. A running instance does the work; without one, "
        "this command does. Stop it at any time: a running instance, or the next call, goes on. "
        "First delete the account where the person signs in. See docs/personal-data.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user_id", metavar="USER")
        add_reason(parser)
        parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")

    def handle(self, *args: Any, user_id: str, reason: str, yes: bool, **options: Any) -> None:
        if not yes:
            prompt = f"This cannot be undone. Type the user id {user_id!r} to erase it: "
            try:
                typed = input(prompt)
            except EOFError:
                raise CommandError("Nobody confirmed it. Nothing was erased. See --yes.") from None
            if typed != user_id:
                raise CommandError("The ids differ. Nothing was erased.")
        try:
            job = asyncio.run(_erase(user_id, reason, show=self.stderr.write))
        except StoreUnavailable:
            raise CommandError(
                "The store does not answer. Run `manage.py doctor`, then this command again: it "
                "goes on."
            ) from None
        except InvalidRequest as error:
            raise CommandError(error.errors[0].detail) from None
        if job.state is JobState.HELD:
            raise CommandError(
                f"A legal hold defers the erasure. Job {job.id} goes on when it is lifted."
            )
        if not job.state.ended:
            named = ", ".join((job.result or {}).get("failed_conversations", ()))
            cause = f"These conversations fail: {named}. " if named else ""
            raise CommandError(
                f"Job {job.id} failed {ATTEMPTS} times. {cause}The log says why. A running "
                "instance, or this command, goes on."
            )
        self.stdout.write(json.dumps(job.result, indent=2))


async def _erase(user_id: str, reason: str, *, show: Callable[[str], object]) -> Job:
    async with opened_instance() as instance:
        job = await erase_user(instance, person_id=user_id, by=_BY, reason=reason)
        return await follow_job(instance, job, show=show)
