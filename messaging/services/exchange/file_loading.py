"""Loads a file on the disk: checks it, and goes on where an earlier load has ended."""

from collections.abc import Awaitable, Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from messaging.exchange.checking import check
from messaging.exchange.reading import Line, Problem, read_lines
from messaging.exchange.records import Header
from messaging.personal_data.evidence import Evidence
from messaging.services.exchange.dumping import Counts
from messaging.services.exchange.loading import Load, NotLoaded
from messaging.services.exchange.restored_people import RestoredPeople, erase_again
from messaging.services.exchange.resuming import Place, Resuming
from messaging.services.operators.restored_erasures import OTHER_KEYS
from messaging.stores import Stores


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
    `command` asks for that, and `show` says so.

    Raises NotLoaded, StoreUnavailable, FilesUnavailable, OSError.
    """
    with path.open("rb") as file:
        header = _header(file)
        target = await stores.epochs.read_epoch()
        resuming = Resuming(path, load_id=header.id, target=target.epoch.id)
        place = resuming.place()
        if place is None:
            problems = 0
            for problem in find_problems(path):
                show(str(problem))
                problems += 1
            if problems:
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
        load.restored = RestoredPeople(await evidence.list_hashes(), resuming.restored())
        file.seek(place.at)
        try:
            await load.load(read_lines(file, number=place.line, at=place.at), header=header)
        finally:
            file.seek(0)
            lines = takewhile(lambda line: line.number <= loaded, read_lines(file))
            load.restored.look_again(lines, await evidence.list_hashes())
            reapplied = await erase_again(
                stores, evidence, load.restored, header=header, command=command
            )
            for sentence in reapplied.sentences():
                show(sentence)
            if reapplied.other_keys:
                show(OTHER_KEYS)
        resuming.end()
    return 0


def _header(file: BinaryIO) -> Header:
    first = next(read_lines(file), None)
    if first is None:
        raise NotLoaded(Problem(line=0, reason="The file is empty."))
    if not isinstance(first.record, Header):
        reason = f"The first record of a file is `header`. {first.record}"
        if not isinstance(first.record, Exception):
            reason = "The first record of a file is `header`."
        raise NotLoaded(Problem(line=1, reason=reason))
    return first.record
