"""`manage.py copy_store`: keep a copy of the store in the other kind of store."""

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.personal_data.audit import Actor, ActorKind, AuditEntry
from messaging.management.progress import Progress
from messaging.services.copying.copying import (
    CopyAhead,
    CopyChanged,
    CopyCounts,
    NotACopy,
    StoreCopy,
)
from messaging.services.copying.survey import survey
from messaging.stores import Stores, make_stores
from messaging.stores.database.audit import AuditTrail

_KINDS = ("sql", "firestore")
_ROUND_SECONDS = 5.0
_PASS_SECONDS = 600.0
_RETRY_SECONDS = 10.0


class Command(BaseCommand):
    help = (
        "Copies the store in use into the other kind of store, while people chat, and compares "
        "each new conversation by its hash. The next call copies what has changed since. Kill it "
        "at any time: the next call goes on. Nothing is switched. See docs/copy-store.md. On "
        "Firestore each document is a billed read or write."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="source", required=True, choices=_KINDS)
        parser.add_argument("--to", dest="target", required=True, choices=_KINDS)
        parser.add_argument(
            "--follow",
            action="store_true",
            help="go on until the command is stopped (SIGINT or SIGTERM): copy changed "
            "conversations every five seconds, and compare everything every ten minutes",
        )
        parser.add_argument(
            "--verify",
            action="store_true",
            help="compare all conversations by their hash in the end; this reads both stores",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only report what would be copied"
        )

    def handle(self, *args: Any, source: str, target: str, **options: Any) -> None:
        _require_settings(source, target)
        self._progress = Progress(lambda line: self.stderr.write(line, str))
        self._options = options
        try:
            asyncio.run(self._run(source, target))
        except StoreUnavailable:
            raise CommandError(
                "A store does not answer. Run `manage.py doctor`, then this command again: it goes "
                "on."
            ) from None
        except NotACopy:
            raise CommandError(
                f"The {target} store holds data, and is no copy of the present {source} store. "
                "Delete its data, or restore both stores (docs/copy-store.md). Nothing was changed "
                "in it."
            ) from None
        except CopyAhead as error:
            raise CommandError(
                f"Conversation {error} has later changes in the {target} store. That store is in "
                "use, or the other one was restored. The copying has stopped."
            ) from None
        except CopyChanged as error:
            raise CommandError(
                f"Something else writes conversation {error} into the {target} store. Run one "
                "copy_store at a time, and no instance on the copy."
            ) from None

    async def _run(self, kind: str, other: str) -> None:
        source, target = make_stores(kind), make_stores(other)
        try:
            if self._options["dry_run"]:
                await self._survey(source, target)
                return
            entry = AuditEntry(
                actor=Actor(kind=ActorKind.COMMAND, name="copy_store"),
                action="store.copied",
                detail={"from": kind, "to": other},
            )
            await AuditTrail(source.database).record(entry)
            await self._copy(StoreCopy(source, target, on_progress=self._show))
        finally:
            await target.close()
            await source.close()

    async def _survey(self, source: Stores, target: Stores) -> None:
        found = await survey(source, target)
        self.stdout.write(
            f"{found.conversations} conversations: {found.missing} are not in the copy, "
            f"{found.behind} are behind, {found.ahead} have later changes in the copy. "
            f"{found.people} people and {found.reports} reports differ. Nothing was written."
        )
        if not found.may_be_copied:
            raise NotACopy

    async def _copy(self, copy: StoreCopy) -> None:
        await copy.copy_everything()
        self._report(copy)
        if self._options["follow"]:
            await self._follow(copy)
        wrong: list[str] = []
        if self._options["verify"]:
            copy.counts.behind = 0
            wrong = await copy.verify()
            for conversation_id in wrong:
                self.stdout.write(f"Conversation {conversation_id} differs.")
        if wrong:
            raise CommandError(f"{len(wrong)} conversations differ, after they were copied anew.")
        if copy.counts.behind:
            raise CommandError(
                f"{copy.counts.behind} conversations changed faster than they could be copied. Run "
                "the command again."
            )
        if self._options["verify"]:
            self.stdout.write("Each conversation has the same hash in both stores.")

    async def _follow(self, copy: StoreCopy) -> None:
        """Follow the source until a signal ends it."""
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
        self.stdout.write("Following.")
        self.stdout.flush()
        passed_at = loop.time()
        while not stopped.is_set():
            pause = _ROUND_SECONDS
            try:
                if loop.time() - passed_at < _PASS_SECONDS:
                    await copy.follow()
                else:
                    await copy.copy_everything()
                    passed_at = loop.time()
            except StoreUnavailable:
                self.stderr.write("A store does not answer. The command tries again.")
                pause = _RETRY_SECONDS
            try:
                async with asyncio.timeout(pause):
                    await stopped.wait()
            except TimeoutError:
                pass
        # What has no list of changes is copied once more.
        await copy.copy_everything()
        self._report(copy)

    def _show(self, counts: CopyCounts) -> None:
        self._progress.at(0, counts.messages, _words(counts))

    def _report(self, copy: StoreCopy) -> None:
        counts = copy.counts
        self.stdout.write(f"Wrote {_words(counts)}, {self._progress.rate(counts.messages)}.")
        if counts.different:
            self.stdout.write(f"{counts.different} conversations differed and were copied anew.")
        self.stdout.flush()


def _require_settings(source: str, target: str) -> None:
    if source == target:
        raise CommandError("Name two kinds of stores.")
    if source != settings.CHAT_STORE:
        raise CommandError(
            f"CHAT_STORE is {settings.CHAT_STORE}, so that the {source} store is not in use. Only "
            "the store in use can be copied."
        )
    if not settings.GOOGLE_CLOUD_PROJECT:
        raise CommandError("Set GOOGLE_CLOUD_PROJECT to the project of the Firestore.")


def _words(counts: CopyCounts) -> str:
    return (
        f"{counts.people} people, {counts.conversations} conversations (of {counts.compared} that "
        f"were compared), {counts.messages} messages, {counts.files} attachments, "
        f"{counts.reports} reports"
    )
