"""`manage.py verify_conversations`: what conversations say of their messages, held against them."""

import asyncio
import time
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.domain.exceptions import StoreUnavailable
from messaging.services.operators.verification import (
    Report,
    all_conversation_ids,
    verify_conversations,
)
from messaging.stores import make_stores
from messaging.stores.conversations import Store

_PROGRESS_SECONDS = 2.0


class Command(BaseCommand):
    help = (
        "Holds seq, version, last message, sent and read positions of conversations against their "
        "messages. Every message is read once: on Firestore that is a read each. Ends with 1 if "
        "something is wrong and not repaired."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("conversation_ids", nargs="*", metavar="ID")
        parser.add_argument("--all", action="store_true", help="All conversations.")
        parser.add_argument("--repair", action="store_true", help="Mend what can be mended.")

    def handle(self, *args: Any, conversation_ids: list[str], repair: bool, **options: Any) -> None:
        if bool(conversation_ids) == options["all"]:
            raise CommandError("Name conversations, or pass --all.")
        try:
            wrong, mendable = asyncio.run(self._verify(conversation_ids, repair))
        except StoreUnavailable:
            raise CommandError("The store does not answer: see `manage.py doctor`.") from None
        if wrong:
            advice = " Run it with --repair to mend what can be mended." if mendable else ""
            raise CommandError(f"{wrong} with something wrong.{advice}")

    async def _verify(self, conversation_ids: Sequence[str], repair: bool) -> tuple[int, bool]:
        """How many conversations have something wrong with them still, and whether `--repair`
        would mend some of it."""
        store = make_stores().conversations
        ids = _each(conversation_ids) if conversation_ids else all_conversation_ids(store)
        try:
            return await self._report(store, ids, repair, named=set(conversation_ids))
        finally:
            await store.close()

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
                self.stderr.write(f"… {conversations} conversations done, {read} messages", str)

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
            self.stdout.write(f"{conversation_id}: there is no such conversation")
        self.stdout.write(f"{conversations} conversations with {messages} messages looked at.")
        return wrong + len(named), mendable

    def _show(self, report: Report) -> None:
        for finding in report.findings:
            mended = " (repaired)" if report.repaired and finding.repairable else ""
            self.stdout.write(f"{report.conversation_id}: {finding.detail}{mended}")


async def _each(conversation_ids: Sequence[str]) -> AsyncIterator[str]:
    for conversation_id in conversation_ids:
        yield conversation_id
