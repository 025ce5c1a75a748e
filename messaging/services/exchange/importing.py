"""Converts the export of another product to a file of the exchange format: every problem is found
first, and a file is complete or not there."""

import asyncio
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from messaging.domain.identifiers import derived_id
from messaging.exchange.hashing import ConversationHash
from messaging.exchange.importing.assembling import Assembled, Assembling
from messaging.exchange.importing.converters import CONVERTERS
from messaging.exchange.importing.derived import Derived
from messaging.exchange.importing.foreign import Unusable
from messaging.exchange.importing.staging import Staging, problem
from messaging.exchange.lines import encode
from messaging.exchange.reading import Problem
from messaging.exchange.records import (
    ConversationEnd,
    End,
    FullMessage,
    Header,
    Position,
    Record,
)
from messaging.exchange.secret_files import create_secret
from messaging.services.exchange.dumping import Counts
from messaging.services.exchange.imported_files import ImportedFiles

_ID_TO_COME = "a" * 26
"""In the header until the whole content is known. The id is as long."""
_ITEMS_AT_ONCE = 500


class Import:
    def __init__(
        self,
        *,
        product: str,
        people: Mapping[str, str],
        files: ImportedFiles,
        show: Callable[[Problem], object],
    ) -> None:
        """Create an import. `people` are the user ids of ours by those of the product. `show` gets
        each problem."""
        self._product = product
        self._people = people
        self._files = files
        self._show = show
        self._records = 0
        self._content = hashlib.sha256()
        self.problems = 0
        self.counts = Counts()
        self.left_out: list[tuple[str, int]] = []
        """What has no counterpart here, with the number of times."""

    async def convert(self, source: Path, target: Path) -> bool:
        """Write the file of an export, and return True. If there is a problem, write nothing.

        Raises OSError.
        """
        new = target.with_name(f"{target.name}.new")
        try:
            new.unlink(missing_ok=True)
            with Staging() as staging, create_secret(new) as file:
                await self._collect(staging, source)
                if not self.problems:
                    await self._write(staging, file)
                self.left_out = staging.left_out()
            if self._files.left_out:
                self.left_out.append(("files, because no folder is named", self._files.left_out))
            if self.problems:
                return False
            os.replace(new, target)  # noqa: PTH105  atomic
            return True
        finally:
            new.unlink(missing_ok=True)

    async def _collect(self, staging: Staging, source: Path) -> None:
        for number, found in enumerate(CONVERTERS[self._product](source)):
            if (wrong := staging.add(found)) is not None:
                self._note(wrong)
            if number % _ITEMS_AT_ONCE == 0:
                await asyncio.sleep(0)  # the user may stop the command here
        for wrong in staging.lost():
            self._note(wrong)

    async def _write(self, staging: Staging, file: IO[bytes]) -> None:
        assembling = Assembling(staging, product=self._product, people=self._people)
        conversations = []
        for one in assembling.conversations():
            if isinstance(one, Problem):
                self._note(one)
            else:
                conversations.append(one)
        latest = max((one.conversation.created_at for one in conversations), default=None)
        if latest is None:
            self._note(Problem(line=0, reason="The export has no conversation."))
            return
        self._put(file, Header(made_at=latest, source=self._product, id=_ID_TO_COME))
        for person in assembling.people():
            self._put(file, person)
            self.counts.people += 1
        for conversation in conversations:
            await self._conversation(assembling, conversation, file)
        self._put(file, End(records=self._records))
        # The same content has the same id: so a load of it goes on after a kill.
        id_ = derived_id("import", self._product, self._content.hexdigest())
        file.seek(0)
        file.write(encode(Header(made_at=latest, source=self._product, id=id_)))

    async def _conversation(
        self, assembling: Assembling, assembled: Assembled, file: IO[bytes]
    ) -> None:
        derived = Derived(assembled.conversation, visible_since=assembled.visible_since)
        with TemporaryFile(prefix="chat-import-") as spool:
            shift = 0
            for number, one in enumerate(assembling.messages(assembled)):
                if number % _ITEMS_AT_ONCE == 0:
                    await asyncio.sleep(0)
                full = await self._prepared(one, assembled)
                if full is None:
                    shift += 1  # its number is free
                    continue
                full = _moved(full, shift)
                derived.add(full.message, reactors=[one.user_id for one in full.reactions])
                spool.write(encode(full))
            conversation = derived.conversation()
            hashed = ConversationHash()
            self._line(file, hashed.add(conversation))
            for position in derived.positions():
                self._put(file, Position(conversation_id=conversation.id, position=position))
            spool.seek(0)
            for line in spool:
                hashed.add_line(line)
                self._line(file, line)
        self._put(
            file,
            ConversationEnd(
                conversation_id=conversation.id,
                messages=hashed.messages,
                hash=hashed.digest(),
            ),
        )
        self.counts.conversations += 1
        self.counts.messages += hashed.messages

    async def _prepared(
        self, one: FullMessage | Problem, assembled: Assembled
    ) -> FullMessage | None:
        if isinstance(one, Problem):
            self._note(one)
            return None
        try:
            return await self._files.prepare(one)
        except Unusable as unusable:
            sent = f"{one.message.sender_id} at {one.message.created_at.isoformat()}"
            reason = f"{unusable} The message is of {sent}."
            self._note(problem(assembled.origin, reason))
            return None

    def _note(self, wrong: Problem) -> None:
        self.problems += 1
        self._show(wrong)

    def _put(self, file: IO[bytes], record: Record) -> None:
        self._line(file, encode(record))

    def _line(self, file: IO[bytes], line: bytes) -> None:
        file.write(line)
        self._content.update(line)
        self._records += 1


def _moved(full: FullMessage, shift: int) -> FullMessage:
    """Return a message with a lower number, because earlier ones are left out."""
    if not shift:
        return full
    seq = full.message.seq - shift
    message = replace(full.message, seq=seq, version=seq, created_version=seq)
    return replace(full, message=message, files=[replace(one, seq=seq) for one in full.files])
