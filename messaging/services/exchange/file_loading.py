"""Loads a file on the disk: checks it, and goes on where an earlier load has ended."""

import asyncio
import fcntl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.domain.exceptions import StoreUnavailable
from messaging.exchange.checking import Checker, check
from messaging.exchange.lines import Malformed
from messaging.exchange.reading import Line, Problem, read_lines
from messaging.exchange.records import Header
from messaging.exchange.seen import Seen
from messaging.personal_data.evidence import Evidence
from messaging.services.exchange.dumping import Counts
from messaging.services.exchange.loading import Load, NotLoaded
from messaging.services.exchange.restored_people import RestoredPeople, erase_again
from messaging.services.exchange.resuming import Place, Resuming
from messaging.services.operators.restored_erasures import OTHER_KEYS
from messaging.stores import Stores
from messaging.stores.database.loads import SEEN_SECONDS, LoadStore

_LINES_AT_ONCE = 500


def find_problems(path: Path) -> Iterator[Problem]:
    """Yield every problem of a file. Raises OSError."""
    with path.open("rb") as file:
        yield from check(read_lines(file))


async def load_file(
    path: Path,
    load: Load,
    stores: Stores,
    *,
    evidence: Evidence,
    command: str,
    on_progress: Callable[[Counts, int], object],
    show: Callable[[str], object],
    on_checked: Callable[[], Awaitable[object]] | None = None,
) -> int:
    """Load a file, and return the number of its problems: if there are any, they are shown, and
    nothing is loaded. `on_checked` is called before a file without a problem is loaded.
    `on_progress` gets the place in the file, in bytes. Conversations of `Load.others` are shown
    too. Erased people whom the file brings back are erased again, also if the load ends at a line.
    `command` asks for that, and `show` says so. The doctor sees the load while it runs, and if it
    was killed.

    Raises NotLoaded, StoreUnavailable, FilesUnavailable, OSError.
    """
    with path.open("rb") as file:
        header = _header(file)
        _lock(file)
        target = await stores.epochs.read_epoch()
        resuming = Resuming(path, load_id=header.id, target=target.epoch.id)
        place = resuming.place()
        if place is None:
            if problems := await _show_problems(path, show):
                return problems
            place = Place(line=0, at=0)
        else:
            show(f"Going on after line {place.line}.")

        loaded = place.line

        def note(counts: Counts, line: Line) -> None:
            nonlocal loaded
            loaded = line.number
            resuming.note(Place(line=line.number, at=line.end), restored=load.restored.found)
            on_progress(counts, line.end)

        if on_checked is not None:
            await on_checked()
        load.on_progress = note
        load.on_other = show
        load.restored = RestoredPeople(
            await evidence.list_hashes(), resuming.restored(), cut_off=resuming.begun_at()
        )
        file.seek(place.at)
        loads = LoadStore(stores.database)
        await loads.begin(header.id, file=path.name, command=command)
        seen = start_task(_seen(loads, header.id, load))
        try:
            await load.load(read_lines(file, number=place.line, at=place.at), header=header)
        finally:
            await stop_tasks(seen)
            file.seek(0)
            lines = takewhile(lambda line: line.number <= loaded, read_lines(file))
            load.restored.look_again(lines, await evidence.list_hashes())
            reapplied = await erase_again(
                stores, evidence, load.restored, header=header, command=command
            )
            await loads.end(header.id)
            for sentence in reapplied.sentences():
                show(sentence)
            if reapplied.other_keys:
                show(OTHER_KEYS)
        resuming.end()
    return 0


async def _show_problems(path: Path, show: Callable[[str], object]) -> int:
    """Show every problem of a file, and return their number. Raises OSError."""
    problems = 0
    with path.open("rb") as file, Seen() as seen:
        checker = Checker(seen)
        for line in read_lines(file):
            for problem in checker.check(line):
                show(str(problem))
                problems += 1
            if line.number % _LINES_AT_ONCE == 0:
                await asyncio.sleep(0)  # the user may stop the command here
        for problem in checker.finish():
            show(str(problem))
            problems += 1
    return problems


async def _seen(loads: LoadStore, load_id: str, load: Load) -> None:
    """Note from time to time that a load runs."""
    while True:
        await asyncio.sleep(SEEN_SECONDS)
        with suppress(StoreUnavailable):  # the load notices that itself
            await loads.see(load_id, conversations=load.counts.conversations)


def _header(file: BinaryIO) -> Header:
    first = next(read_lines(file), None)
    if first is None:
        raise NotLoaded(Problem(line=0, reason="The file is empty."), nothing=True)
    if isinstance(first.record, Header):
        return first.record
    reason = "The first record of a file is `header`."
    if isinstance(first.record, Malformed):
        reason = str(first.record)
    raise NotLoaded(Problem(line=1, reason=reason), nothing=True)


def _lock(file: BinaryIO) -> None:
    """Keep other commands of this machine from loading the file at the same time, until it is
    closed. Raises NotLoaded."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        reason = "Another command is loading this file. Wait for its end."
        raise NotLoaded(Problem(line=0, reason=reason), nothing=True) from None
    except OSError:
        pass  # the file system has no locks
