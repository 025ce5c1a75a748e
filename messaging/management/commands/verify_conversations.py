"""`manage.py verify_conversations`: check conversations against their messages."""

import asyncio
import time
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.domain.exceptions import StoreUnavailable
from messaging.management.stores import opened_stores
from messaging.services.operators.findings import Report
from messaging.services.operators.verification import all_conversation_ids, verify_conversations
from messaging.stores.conversations import Store

_PROGRESS_SECONDS = 2.0


class Command(BaseCommand):
    help = (
        "Checks seq, version, last message, sent and read positions of conversations against their "
        "messages, and finds reactions that deleted messages left behind. It reads every message "
        "once, and looks once more for each deleted one; on Firestore each of these reads is "
        "billed. The exit code is 1 if an error is left unrepaired."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("conversation_ids", nargs="*", metavar="ID")
        parser.add_argument("--all", action="store_true", help="check all conversations")
        parser.add_argument("--repair", action="store_true", help="repair what can be repaired")

    def handle(self, *args: Any, conversation_ids: list[str], repair: bool, **options: Any) -> None:
        if bool(conversation_ids) == options["all"]:
            raise CommandError("Name conversations, or pass --all.")
        try:
            wrong, mendable = asyncio.run(self._verify(conversation_ids, repair))
        except StoreUnavailable:
            raise CommandError("The store does not answer. Run `manage.py doctor`.") from None
        if wrong:
            advice = " Run it with --repair to repair what can be repaired." if mendable else ""
            raise CommandError(f"{wrong} with errors.{advice}")

    async def _verify(self, conversation_ids: Sequence[str], repair: bool) -> tuple[int, bool]:
        """Return the number of conversations that still have errors, and whether `--repair` can
        repair some of them."""
        writer = "verify_conversations" if repair else ""
        async with opened_stores(writer=writer) as stores:
            store = stores.conversations
            ids = _each(conversation_ids) if conversation_ids else all_conversation_ids(store)
            return await self._report(store, ids, repair, named=set(conversation_ids))

    async def _report(
        self, store: Store, ids: AsyncIterator[str], repair: bool, *, named: set[str]
    ) -> tuple[int, bool]:
        mendable = False
        conversations = messages = read = wrong = 0
        shown_at = time.monotonic()

        def progress(count: int) -> None:
            nonlocal read, shown_at
            read += count
            if time.monotonic() - shown_at > _PROGRESS_SECONDS:
                shown_at = time.monotonic()
                self.stderr.write(f"… {conversations} conversations checked, {read} messages", str)

        async for report in verify_conversations(
            store=store, conversation_ids=ids, repair=repair, on_read=progress
        ):
            conversations += 1
            messages += report.messages
            wrong += report.wrong
            named.discard(report.conversation_id)
            mendable |= not repair and any(finding.repairable for finding in report.findings)
            self._show(report)
            progress(0)
        for conversation_id in sorted(named):
            self.stdout.write(f"{conversation_id}: this conversation does not exist")
        self.stdout.write(f"{conversations} conversations with {messages} messages checked.")
        return wrong + len(named), mendable

    def _show(self, report: Report) -> None:
        for finding in report.findings:
            mended = " (repaired)" if report.repaired and finding.repairable else ""
            self.stdout.write(f"{report.conversation_id}: {finding.detail}{mended}")


async def _each(conversation_ids: Sequence[str]) -> AsyncIterator[str]:
    for conversation_id in conversation_ids:
        yield conversation_id
