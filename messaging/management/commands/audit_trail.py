"""`manage.py audit_trail`: export the audit trail, or remove its old entries."""

import asyncio
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.domain.exceptions import InvalidRequest, StoreUnavailable
from messaging.services.operators.audit import export_entries, purge_entries
from messaging.stores import make_stores
from messaging.stores.database.audit import AuditFilter, AuditTrail

_NAME = "audit_trail"


class Command(BaseCommand):
    help = (
        "Prints the audit trail as JSON Lines, the oldest entry first. With --purge-older-than, "
        "deletes old entries instead. The trail records both."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=_moment, metavar="TIME", help="an ISO 8601 time")
        parser.add_argument("--until", type=_moment, metavar="TIME", help="exclusive")
        parser.add_argument("--actor", default="", metavar="NAME")
        parser.add_argument("--action", default="", metavar="ACTION")
        parser.add_argument("--person", default="", metavar="USER")
        parser.add_argument("--conversation", default="", metavar="ID")
        parser.add_argument(
            "--purge-older-than", type=int, metavar="DAYS", help="at least 30; deletes entries"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        days: int | None = options["purge_older_than"]
        which = AuditFilter(
            since=options["since"],
            until=options["until"],
            actor=options["actor"],
            action=options["action"],
            person_id=options["person"],
            conversation_id=options["conversation"],
        )
        if days is not None and which != AuditFilter():
            raise CommandError("--purge-older-than takes no filter.")
        try:
            asyncio.run(_run(which, days, show=self.stdout.write))
        except StoreUnavailable:
            raise CommandError("The database does not answer. Run `manage.py doctor`.") from None
        except InvalidRequest as error:
            raise CommandError(error.detail) from None


async def _run(which: AuditFilter, days: int | None, *, show: Callable[[str], object]) -> None:
    stores = make_stores()
    trail = AuditTrail(stores.database)
    try:
        if days is not None:
            deleted = await purge_entries(trail, days=days, command=_NAME)
            show(f"{deleted} entries deleted.")
            return
        async for line in export_entries(trail, which, command=_NAME):
            show(line)
    finally:
        await stores.close()


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("Give an ISO 8601 time, such as 2026-01-01T12:00:00Z.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
