"""`manage.py load_conversations`: load a file into the store."""

import asyncio
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.domain.exceptions import StoreUnavailable
from messaging.files.storage import FilesUnavailable
from messaging.files.storages import make_storage
from messaging.management.progress import Progress
from messaging.personal_data.evidence import Evidence
from messaging.services.exchange.dumping import Counts
from messaging.services.exchange.file_loading import find_problems, load_file
from messaging.services.exchange.loading import Load, NotLoaded
from messaging.stores import make_stores


class Command(BaseCommand):
    help = (
        "Loads a file of dump_conversations into the store, which may be in use. First the whole "
        "file is checked, and nothing is loaded from a file with a problem. Each conversation is "
        "compared with the file by a hash afterwards. Stop it at any time: the next call goes on. "
        "People who were erased since the file was made are erased again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="list every problem of the file, and load nothing",
        )

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        try:
            if dry_run:
                self._check(file)
            else:
                asyncio.run(self._load(file, file.stat().st_size))
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
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
            raise CommandError(f"{error.problem} The load stopped there.") from None

    def _check(self, file: Path) -> None:
        problems = 0
        for problem in find_problems(file):
            self.stdout.write(str(problem))
            problems += 1
        if problems:
            raise CommandError(f"{problems} problems. Nothing was loaded.")
        self.stdout.write("No problem was found.")

    async def _load(self, file: Path, size: int) -> None:
        stores, storage = make_stores(), make_storage()
        progress = Progress(lambda line: self.stderr.write(line, str), total=size)

        def show(counts: Counts, at: int) -> None:
            words = f"{counts.conversations} conversations, {counts.messages} messages"
            progress.at(at, counts.messages, words)

        load = Load(stores)
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
            await stores.close()
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
