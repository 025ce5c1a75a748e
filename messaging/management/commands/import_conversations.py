"""`manage.py import_conversations`: import the export of another product."""

import asyncio
import csv
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.identifiers import USER_ID_RULE, is_user_id
from messaging.exchange.importing.converters import CONVERTERS
from messaging.exchange.importing.foreign import Unusable
from messaging.files.checking.workers import CheckingWorkers, workers_of_this_machine
from messaging.files.storage import FileStorage, FilesUnavailable
from messaging.files.storages import make_storage
from messaging.management.os_errors import words_of
from messaging.management.stores import opened_stores
from messaging.personal_data.evidence import Evidence
from messaging.services.exchange.file_loading import load_file
from messaging.services.exchange.imported_files import ImportedFiles
from messaging.services.exchange.importing import Import
from messaging.services.exchange.loading import Load, NotLoaded


class Command(BaseCommand):
    help = (
        "Imports the export of another product, with its times, people and files. Every problem is "
        "listed with its line first, and nothing is imported from an export with a problem. "
        "Everything counts as read, and nobody is notified. See docs/moving.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", metavar="EXPORT", type=Path, help="a file or a folder")
        parser.add_argument(
            "--from", dest="product", required=True, choices=sorted(CONVERTERS), help="the product"
        )
        parser.add_argument(
            "--files", type=Path, metavar="FOLDER", help="the folder with the files of the messages"
        )
        parser.add_argument(
            "--people",
            type=Path,
            metavar="CSV",
            help="a file with two columns: a user id there, and the user id here",
        )
        parser.add_argument(
            "--to",
            type=Path,
            metavar="FILE",
            help="only write this file, to be loaded by load_conversations",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="list every problem, and import nothing"
        )

    def handle(self, *args: Any, source: Path, product: str, **options: Any) -> None:
        folder, to = options["files"], options["to"]
        if folder is not None and not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        if to is not None and (to.exists() or to.is_symlink()):
            raise CommandError(f"{to} exists. Name another file.")
        try:
            people = _people(options["people"])
            with TemporaryDirectory(prefix="chat-import-") as folder:
                named = None if options["dry_run"] else options["to"]
                target = named or Path(folder) / "import.jsonl"
                asyncio.run(self._import(source, target, product, people, options))
        except FilesUnavailable:
            raise CommandError(
                "The storage of files does not answer. Run this command again later."
            ) from None
        except StoreUnavailable:
            raise CommandError(
                "The store does not answer. Run `manage.py doctor`, then this command again."
            ) from None
        except Unusable as error:
            raise CommandError(f"{error} Run this command again.") from None
        except NotLoaded as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(words_of(error, source, written=options["to"])) from None

    async def _import(
        self,
        source: Path,
        target: Path,
        product: str,
        people: Mapping[str, str],
        options: Mapping[str, Any],
    ) -> None:
        workers = CheckingWorkers(most=workers_of_this_machine())
        with ImportedFiles(folder=options["files"], workers=workers) as files:
            importing = Import(
                product=product,
                people=people,
                files=files,
                show=lambda problem: self.stdout.write(str(problem)),
            )
            try:
                complete = await importing.convert(source, target)
                for what, times in importing.left_out:
                    self.stdout.write(f"Left out: {times} {what}.")
                if not complete:
                    raise CommandError(f"{importing.problems} problems. Nothing was imported.")
                counts = importing.counts
                self.stdout.write(
                    f"The export has {counts.people} people, {counts.conversations} conversations "
                    f"and {counts.messages} messages."
                )
                if not options["dry_run"]:
                    await self._store(target, files, written=bool(options["to"]))
            finally:
                await workers.close()

    async def _store(self, target: Path, files: ImportedFiles, *, written: bool) -> None:
        """Store the files and, unless the converted export is only written, load it."""
        storage = make_storage()
        try:
            if written:
                try:
                    await files.store(storage, None)
                except BaseException:
                    # Its files are not complete.
                    await asyncio.to_thread(target.unlink, missing_ok=True)
                    raise
                self.stdout.write(f"Wrote {target}. Load it with load_conversations.")
            else:
                await self._load(target, files, storage)
        finally:
            await storage.close()

    async def _load(self, target: Path, files: ImportedFiles, storage: FileStorage) -> None:
        async with opened_stores(writer="import_conversations") as stores:
            load = Load(stores)
            attachments = stores.conversations.attachments
            try:
                problems = await load_file(
                    target,
                    load,
                    stores,
                    evidence=Evidence(storage),
                    command="import_conversations",
                    on_progress=lambda *_: None,
                    show=self.stdout.write,
                    on_checked=lambda: files.store(storage, attachments),
                )
                if not problems:  # the store may have other conversations under these ids
                    await files.remove_unused(storage, attachments)
            except (NotLoaded, Unusable):
                await files.remove_unused(storage, attachments)
                raise
        if problems:
            raise CommandError(f"{problems} problems. Nothing was loaded.")
        new, kept = load.counts, load.kept
        self.stdout.write(
            f"Imported {new.people} people, {new.conversations} conversations with {new.messages} "
            f"messages. The store had {kept.people} people and {kept.conversations} conversations "
            "of them before."
        )
        if load.others:
            raise CommandError(
                f"{load.others} conversations differ from the export and were not imported."
            )


def _people(path: Path | None) -> dict[str, str]:
    """Return the user ids here by those there. Raises CommandError, OSError."""
    named: dict[str, str] = {}
    if path is None:
        return named
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not UTF-8.") from None
    except csv.Error as error:
        raise CommandError(f"{path} is not CSV: {error}.") from None
    for row in rows:
        if len(row) != 2:
            raise CommandError(f"{path} must have two columns in each row.")
        there, here = row
        if not is_user_id(here):
            raise CommandError(f"{path} has {here!r}, which is no user id: {USER_ID_RULE}.")
        if named.setdefault(there, here) != here:
            raise CommandError(f"{path} names two user ids for {there!r}.")
    return named
