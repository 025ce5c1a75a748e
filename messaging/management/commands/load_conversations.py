"""`manage.py load_conversations`: load a file into the store."""

import asyncio
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.domain.exceptions import StoreUnavailable
from messaging.files.storage import FilesUnavailable
from messaging.files.storages import make_storage
from messaging.management.os_errors import words_of
from messaging.management.progress import Progress
from messaging.management.stores import opened_stores
from messaging.personal_data.evidence import Evidence
from messaging.services.exchange.dumping import Counts
from messaging.services.exchange.file_loading import find_problems, load_file
from messaging.services.exchange.giving_up import give_up_loads
from messaging.services.exchange.loading import Load, NotLoaded
from messaging.services.operators.restored_erasures import OTHER_KEYS

_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Loads a file of dump_conversations into the store, which may be in use. First the whole "
        "file is checked, and nothing is loaded from a file with a problem. Each conversation is "
        "compared with the file by a hash afterwards. Stop it at any time: the next call goes on. "
        "People who were erased since the file was made are erased again. manage.py doctor reports "
        "a load that was killed: run it again, or give it up."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", metavar="FILE", type=Path)
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="list every problem of the file, and load nothing",
        )
        parser.add_argument(
            "--give-up",
            action="store_true",
            help="load nothing: end all loads and imports that were killed. What they loaded "
            "completely stays, the rest is removed, and people who were erased are erased again. "
            "This reads the ids of all people",
        )

    def handle(self, *args: Any, file: Path | None, dry_run: bool, **options: Any) -> None:
        if options["give_up"] == (file is not None):
            raise CommandError("Name a file, or pass --give-up.")
        try:
            if file is None:
                asyncio.run(self._give_up())
            elif dry_run:
                self._check(file)
            else:
                asyncio.run(self._load(file, file.stat().st_size))
        except OSError as error:
            raise CommandError(words_of(error, file or Path())) from None
        except FilesUnavailable:
            raise CommandError(
                "The storage of files does not answer, so nobody knows who was erased. Run this "
                "command again: it goes on."
            ) from None
        except StoreUnavailable:
            raise CommandError(
                "The store does not answer. Run `manage.py doctor`, then this command again: it "
                "goes on."
            ) from None
        except NotLoaded as error:
            raise CommandError(str(error)) from None

    def _check(self, file: Path) -> None:
        problems = 0
        for problem in find_problems(file):
            self.stdout.write(str(problem))
            problems += 1
        if problems:
            raise CommandError(f"{problems} problems. Nothing was loaded.")
        self.stdout.write("No problem was found.")

    async def _give_up(self) -> None:
        async with opened_stores(writer="load_conversations") as stores:
            storage = make_storage()
            try:
                done = await give_up_loads(stores, Evidence(storage), command="load_conversations")
            finally:
                await storage.close()
        for load in done.running:
            self.stdout.write(f"The load of {load.file} runs, and is left alone.")
        for load in done.loads:
            begun = load.begun_at.isoformat(timespec="minutes")
            self.stdout.write(f"Gave up the load of {load.file}, begun at {begun}.")
        self.stdout.write(f"{done.removed} incomplete conversations were removed.")
        for sentence in done.reapplied.sentences():
            self.stdout.write(sentence)
        if done.reapplied.other_keys:
            raise CommandError(OTHER_KEYS)
        if done.unreadable:
            named = ", ".join(done.unreadable[:_SHOWN])
            raise CommandError(
                f"These conversations cannot be read: {named}. Repair them in the store. An "
                "instance then removes each of them that the load has not completed."
            )

    async def _load(self, file: Path, size: int) -> None:
        progress = Progress(lambda line: self.stderr.write(line, str), total=size)

        def show(counts: Counts, at: int) -> None:
            words = f"{counts.conversations} conversations, {counts.messages} messages"
            progress.at(at, counts.messages, words)

        async with opened_stores(writer="load_conversations") as stores:
            storage, load = make_storage(), Load(stores)
            try:
                problems = await load_file(
                    file,
                    load,
                    stores,
                    evidence=Evidence(storage),
                    command="load_conversations",
                    on_progress=show,
                    show=self.stdout.write,
                )
            finally:
                await storage.close()
        if problems:
            raise CommandError(f"{problems} problems. Nothing was loaded.")
        new, kept = load.counts, load.kept
        self.stdout.write(
            f"Loaded {new.people} people, {new.conversations} conversations with {new.messages} "
            f"messages, {new.reports} reports, {progress.rate(new.messages)}. Each of these "
            "conversations matches the file."
        )
        if kept.people or kept.conversations or kept.reports:
            same = kept.conversations - load.continued - load.others
            self.stdout.write(
                f"The store had {kept.people} people, {kept.conversations} conversations and "
                f"{kept.reports} reports before. Of these conversations {same} match the file, "
                f"{load.continued} have its messages and later changes."
            )
        if load.others:
            raise CommandError(
                f"{load.others} conversations differ from the file and were not loaded."
            )
