"""`manage.py export_user USER --output FILE`: export a person to a file."""

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.domain.exceptions import InvalidRequest, StoreUnavailable
from messaging.domain.identifiers import require_user_id
from messaging.domain.personal_data.audit import Actor, ActorKind, AuditEntry
from messaging.exchange.secret_files import new_secret
from messaging.management.instances import opened_instance
from messaging.management.os_errors import words_of
from messaging.management.reasons import add_reason
from messaging.personal_data.exported import Exported, PersonExport

_BY = Actor(kind=ActorKind.COMMAND, name="export_user")


class Command(BaseCommand):
    help = (
        "Writes one file in the exchange format: what a person wrote and set, and what is kept "
        "about them. It reads every message of their conversations once; on Firestore each of "
        "these reads is billed. See docs/personal-data.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user_id", metavar="USER")
        parser.add_argument("--output", required=True, metavar="FILE", help="a new file, or -")
        add_reason(parser)

    def handle(self, *args: Any, user_id: str, output: str, reason: str, **options: Any) -> None:
        path = None if output == "-" else Path(output)
        try:
            require_user_id("user_id", user_id)
            with new_secret(path) if path else nullcontext(sys.stdout.buffer) as file:
                exported = asyncio.run(_export(user_id, reason, file.write))
                file.flush()
        except InvalidRequest as error:
            raise CommandError(error.errors[0].detail) from None
        except StoreUnavailable:
            raise CommandError("The store does not answer. Run `manage.py doctor`.") from None
        except FileExistsError:
            raise CommandError(f"{output} exists. Name another file.") from None
        except OSError as error:
            raise CommandError(words_of(error, Path(output), written=path)) from None
        summary = self.stdout if path else self.stderr
        summary.write(
            f"{exported.conversations} conversations, {exported.messages} messages, reactions to "
            f"{exported.reactions} messages of others, {exported.bytes} bytes.",
            str,
        )
        if exported.damaged:
            raise CommandError(
                f"The file lacks what cannot be read of these conversations: "
                f"{', '.join(exported.damaged)}. See `manage.py verify_conversations`."
            )


async def _export(user_id: str, reason: str, write: Callable[[bytes], object]) -> Exported:
    async with opened_instance() as instance:
        parts = instance.jobs.parts
        entry = AuditEntry(actor=_BY, action="person.exported", person_id=user_id, reason=reason)
        await parts.audit.record(entry)
        return await PersonExport(parts, user_id, write=write).run()
