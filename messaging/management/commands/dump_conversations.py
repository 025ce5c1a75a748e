"""`manage.py dump_conversations`: write the store to a file."""

import asyncio
import json
import sys
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from messaging.concurrency.retries import retried
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.identifiers import is_stored_id
from messaging.exchange.line_schema import schema
from messaging.exchange.secret_files import new_secret
from messaging.management.os_errors import words_of
from messaging.management.progress import Progress
from messaging.management.stores import opened_stores
from messaging.services.exchange.conversation_reading import ChangesTooFast
from messaging.services.exchange.dumping import Counts, Dump, UnreadableRecords
from messaging.stores import Stores
from messaging.stores.damage import UNREADABLE
from messaging.stores.exchange import is_shell

_MAX_WAITING = 1_000
_INCOMPLETE = "The dump is not complete, and no file is left."
_WAITING = (
    "The files of {number} attachments are due to be removed. They are in no line. If the new "
    "installation uses the same storage of files, let an instance of this one run for a day more: "
    "it removes them."
)


class Command(BaseCommand):
    help = (
        "Writes people, conversations, messages and reports of the store to a file, one JSON "
        "object on each line (docs/exchange.md), while people chat. On Firestore each document is "
        "a billed read. The file contains texts and push tokens: keep it secret."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", metavar="FILE", help="the file to write, or -")
        parser.add_argument(
            "--conversation",
            action="append",
            default=[],
            metavar="ID",
            help="write this conversation only, without people and reports; may be repeated",
        )
        parser.add_argument(
            "--schema", action="store_true", help="print the JSON Schema of a line, and end"
        )

    def handle(self, *args: Any, file: str | None, **options: Any) -> None:
        if options["schema"]:
            self.stdout.write(json.dumps(schema(), indent=1, ensure_ascii=False))
            return
        if file is None:
            raise CommandError("Name a file, or - for the standard output.")
        ids = list(dict.fromkeys(options["conversation"]))
        try:
            asyncio.run(self._require(ids))
            if file == "-":
                damaged = asyncio.run(self._dump(sys.stdout.buffer, ids))
            else:
                with new_secret(Path(file)) as target:
                    damaged = asyncio.run(self._dump(target, ids))
        except FileExistsError:
            raise CommandError(f"{file} exists. Name another file.") from None
        except OSError as error:
            raise CommandError(_refusal(error, file)) from None
        except StoreUnavailable:
            raise CommandError(
                f"The store does not answer. {_INCOMPLETE} Run `manage.py doctor`."
            ) from None
        except ChangesTooFast as error:
            raise CommandError(
                f"Conversation {error} changes faster than it can be read. {_INCOMPLETE} Repeat "
                "the command at a quieter time."
            ) from None
        except UnreadableRecords as error:
            raise CommandError(f"{error} {_INCOMPLETE}") from None
        if damaged:
            raise CommandError(
                f"{damaged} conversations cannot be read, and are not in the file. Repair them in "
                "the store."
            )

    async def _require(self, conversation_ids: Sequence[str]) -> None:
        """Raises CommandError for an id that the store does not have."""
        if not conversation_ids:
            return
        async with opened_stores() as stores:
            for id_ in conversation_ids:
                if not await _is_there(stores, id_):
                    raise CommandError(f"The store has no conversation {id_}.")

    async def _dump(self, target: BinaryIO, conversation_ids: Sequence[str]) -> int:
        """Return the number of conversations that cannot be read."""
        progress = Progress(lambda line: self.stderr.write(line, str))

        def show(counts: Counts) -> None:
            progress.at(0, counts.messages, _words(counts))

        async with opened_stores() as stores:
            dump = Dump(
                store=stores.conversations,
                exchange=stores.exchange,
                write=target.write,
                on_progress=show,
                on_damaged=lambda sentence: self.stderr.write(sentence, str),
            )
            waiting, source = 0, stores.kind
            if conversation_ids:
                await dump.some(_each(conversation_ids), source=source)
            else:
                await dump.everything(source=source)
                waiting = await _waiting_files(stores)
        target.flush()
        if waiting:
            self.stderr.write(_WAITING.format(number=waiting), str)
        counts = dump.counts
        self.stderr.write(f"Wrote {_words(counts)}, {progress.rate(counts.messages)}.", str)
        return dump.damaged


def _refusal(error: OSError, file: str) -> str:
    if file == "-":
        return f"The standard output cannot be written: {error.strerror}."
    return words_of(error, Path(file), written=Path(file))


def _words(counts: Counts) -> str:
    return (
        f"{counts.people} people, {counts.conversations} conversations, "
        f"{counts.messages} messages, {counts.reports} reports"
    )


async def _is_there(stores: Stores, conversation_id: str) -> bool:
    """Return whether the store has a conversation, also if it cannot be read."""
    if not is_stored_id(conversation_id):
        return False
    try:
        found = await retried(stores.conversations.get_conversation, conversation_id)
    except UNREADABLE:
        return True
    return found is not None and not is_shell(found)


async def _waiting_files(stores: Stores) -> int:
    """Return the number of attachments whose files are due to be removed, `_MAX_WAITING` at
    most."""
    due = await retried(stores.conversations.attachments.list_due, limit=_MAX_WAITING)
    return len(due.attachments)


async def _each(conversation_ids: Sequence[str]) -> AsyncIterator[str]:
    for conversation_id in conversation_ids:
        yield conversation_id
