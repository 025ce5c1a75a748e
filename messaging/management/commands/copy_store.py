"""`manage.py copy_store`: keep a copy of the store in the other kind of store."""

import asyncio
import signal
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.identifiers import random_id
from messaging.domain.personal_data.audit import Actor, ActorKind, AuditEntry
from messaging.management.copying import KINDS, copy_errors, counted, require_firestore, shower
from messaging.management.progress import Progress
from messaging.management.stores import former_store_refused
from messaging.services.copying.copying import NotACopy, StoreCopy
from messaging.services.copying.owning import owned
from messaging.services.copying.survey import survey
from messaging.stores import Stores, make_stores
from messaging.stores.database.audit import AuditTrail
from messaging.stores.database.moves import MoveStore
from messaging.stores.switching.move import Move, Phase

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
        parser.add_argument("--from", dest="source", required=True, choices=KINDS)
        parser.add_argument("--to", dest="target", required=True, choices=KINDS)
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
        if source == target:
            raise CommandError("Name two kinds of stores.")
        require_firestore()
        self._progress = Progress(lambda line: self.stderr.write(line, str))
        self._options = options
        with copy_errors(source, target):
            asyncio.run(self._run(source, target))

    async def _run(self, kind: str, other: str) -> None:
        source = make_stores(kind)
        target = make_stores(other, beside=source)
        moves = MoveStore(source.database)
        try:
            await _require_in_use(await moves.look(), kind)
            if self._options["dry_run"]:
                await self._survey(source, target)
                return
            async with owned(moves, f"copy_store {random_id()}") as move:
                await _require_in_use(move, kind)
                entry = AuditEntry(
                    actor=Actor(kind=ActorKind.COMMAND, name="copy_store"),
                    action="store.copied",
                    detail={"from": kind, "to": other},
                )
                await AuditTrail(source.database).record(entry)
                show = shower(self._progress)
                await self._copy(StoreCopy(source, target, on_progress=show))
        finally:
            await target.conversations.close()
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
        self._require_sound(dict.fromkeys(found.damaged, "it cannot be read"))

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
        self._require_sound(copy.damaged)
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

    def _require_sound(self, damaged: Mapping[str, str]) -> None:
        """Name the conversations that cannot be read. Raises CommandError if there are any."""
        for conversation_id, reason in sorted(damaged.items()):
            self.stdout.write(f"Conversation {conversation_id} was not copied: {reason}")
        if damaged:
            raise CommandError(
                f"{len(damaged)} conversations cannot be read. Repair them in the store, and run "
                "the command again."
            )

    def _report(self, copy: StoreCopy) -> None:
        counts = copy.counts
        self.stdout.write(f"Wrote {counted(counts)}, {self._progress.rate(counts.messages)}.")
        if counts.different:
            self.stdout.write(f"{counts.different} conversations differed and were copied anew.")
        self.stdout.flush()


async def _require_in_use(move: Move, kind: str) -> None:
    """Require the kind of store that is in use, and that it is not being moved."""
    if move.phase is not Phase.IDLE:
        raise CommandError(
            f"The store is being moved to {move.target}. Run `manage.py move_store` to finish "
            "that, or end it with --abort."
        )
    with former_store_refused():
        used = move.kind_for(settings.CHAT_STORE)
    if kind != used:
        setting = "" if move.in_force else f"CHAT_STORE is {used}, so that "
        raise CommandError(
            f"{setting}the {kind} store is not in use. Only the store in use can be copied."
        )
