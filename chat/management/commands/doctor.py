"""`manage.py doctor`: report what is wrong with this installation, and how to correct it."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat.doctor_checks import examine_pages, examine_settings, examine_tokens
from messaging.doctor.database import examine_database
from messaging.doctor.erasures import examine_erasures
from messaging.doctor.files import examine_files
from messaging.doctor.findings import Examination, Finding, Level, examine_all
from messaging.doctor.loads import examine_loads
from messaging.doctor.moves import examine_move
from messaging.doctor.push import examine_push
from messaging.doctor.queue import examine_queue
from messaging.doctor.redis_server import examine_redis
from messaging.doctor.retention import examine_retention
from messaging.doctor.search import examine_search
from messaging.doctor.store import examine_store
from messaging.doctor.webhooks import examine_webhooks

_EXAMINATIONS: Mapping[str, Examination] = {
    "settings": examine_settings,
    "database": examine_database,
    "store": examine_store,
    "move": examine_move,
    "files": examine_files,
    "erasures": examine_erasures,
    "search": examine_search,
    "redis": examine_redis,
    "queue": examine_queue,
    "push": examine_push,
    "webhooks": examine_webhooks,
    "retention": examine_retention,
    "loads": examine_loads,
    "tokens": examine_tokens,
    "pages": examine_pages,
}
_SIGNS = {Level.OK: "ok  ", Level.WARNING: "note", Level.PROBLEM: "DOWN"}


class Command(BaseCommand):
    help = (
        "Connects to every configured service, measures it, and reports what is wrong and what to "
        "do. Takes at most fifteen seconds. The exit code is 1 if something is down."
    )
    requires_system_checks = ()  # the command runs them itself

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Examining {', '.join(_EXAMINATIONS)}…")
        logging.disable(logging.CRITICAL)  # each failure is explained below
        try:
            wrong = asyncio.run(self._examine())
        finally:
            logging.disable(logging.NOTSET)
        if wrong:
            raise CommandError(f"Down: {', '.join(wrong)}.")
        self.stdout.write("Nothing is down.")

    async def _examine(self) -> Sequence[str]:
        """Show each finding as it arrives, and return the names of what is down."""
        wrong = []
        async for name, findings in examine_all(_EXAMINATIONS):
            for finding in findings:
                self._show(name, finding)
            if any(finding.level is Level.PROBLEM for finding in findings):
                wrong.append(name)
        return sorted(wrong)

    def _show(self, name: str, finding: Finding) -> None:
        style = {
            Level.OK: self.style.SUCCESS,
            Level.WARNING: self.style.WARNING,
            Level.PROBLEM: self.style.ERROR,
        }[finding.level]
        self.stdout.write(f"{style(_SIGNS[finding.level])} {name:9} {finding.text}")
        if finding.remedy:
            self.stdout.write(f"{'':14} → {finding.remedy}")
