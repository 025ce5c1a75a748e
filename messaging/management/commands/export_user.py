"""`manage.py export_user USER --output FILE`: export a person to a file."""

import asyncio
import os
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError

from messaging.domain.exceptions import InvalidRequest, StoreUnavailable
from messaging.domain.identifiers import require_user_id
from messaging.domain.personal_data.audit import Actor, ActorKind, AuditEntry
from messaging.management.reasons import add_reason
from messaging.personal_data.exported import Exported, PersonExport
from messaging.runtime.instance import Instance

_BY = Actor(kind=ActorKind.COMMAND, name="export_user")


class Command(BaseCommand):
    help = (
        "Writes one file in the exchange format: what a person wrote and set, and what is kept "
        "about them. It reads every message of their conversations once; on Firestore each of "
        "these reads is billed. See docs/personal-data.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user_id", metavar="USER")
        parser.add_argument("--output", required=True, metavar="FILE", help="a new file")
        add_reason(parser)

    def handle(self, *args: Any, user_id: str, output: str, reason: str, **options: Any) -> None:
        try:
            require_user_id("user_id", user_id)
            with _new_file(output) as file:
                exported = asyncio.run(_export(user_id, reason, file.write))
        except InvalidRequest as error:
            raise CommandError(error.errors[0].detail) from None
        except StoreUnavailable:
            raise CommandError("The store does not answer. Run `manage.py doctor`.") from None
        except OSError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{exported.conversations} conversations, {exported.messages} messages, "
            f"{exported.bytes} bytes."
        )


@contextmanager
def _new_file(output: str) -> Iterator[IO[bytes]]:
    """Yield a new file for its owner alone. Unless it is written whole, remove it. Raises
    OSError."""
    with open(output, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        try:
            yield file
        except BaseException:
            Path(output).unlink(missing_ok=True)
            raise


async def _export(user_id: str, reason: str, write: Callable[[bytes], object]) -> Exported:
    instance = Instance()
    try:
        parts = instance.jobs.parts
        entry = AuditEntry(actor=_BY, action="person.exported", person_id=user_id, reason=reason)
        await parts.audit.record(entry)
        return await PersonExport(parts, user_id, write=write).run()
    finally:
        await instance.stop()
