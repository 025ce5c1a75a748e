"""The errors of the operating system, as commands say them."""

import errno
import os
import tempfile
from pathlib import Path

import pytest

from messaging.exchange.scratch import ScratchDatabase
from messaging.management.os_errors import words_of

SOURCE, WRITTEN = Path("/data/chat.csv"), Path("/data/out.jsonl")

FULL = os.strerror(errno.ENOSPC)


def _error(number: int, *names: str) -> OSError:
    return OSError(number, os.strerror(number), *names)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (_error(errno.EPIPE), "The output cannot be written: Broken pipe."),
        (_error(errno.EIO), "/data/chat.csv cannot be read: Input/output error."),
        (
            _error(errno.EACCES, "/data/users.json"),
            "/data/users.json cannot be read: Permission denied.",
        ),
        (
            _error(errno.EACCES, "/data/out.jsonl.new"),
            "/data/out.jsonl cannot be written: Permission denied.",
        ),
        (
            _error(errno.ENOSPC),
            f"There is not enough room in {tempfile.gettempdir()} or /data: {FULL}.",
        ),
    ],
)
def test_the_place_of_an_error_is_named(error: OSError, words: str) -> None:
    assert words_of(error, SOURCE, written=WRITTEN) == words


def test_a_full_disk_is_named_where_nothing_is_written() -> None:
    words = f"There is not enough room in {tempfile.gettempdir()}: {FULL}."
    assert words_of(_error(errno.ENOSPC), SOURCE) == words


class _Small(ScratchDatabase):
    """A database on a disk that has room for its table alone."""

    def __init__(self) -> None:
        super().__init__("CREATE TABLE item (text TEXT)")
        self._database.execute("PRAGMA max_page_count = 2")

    def add(self, text: str) -> None:
        self._database.execute("INSERT INTO item VALUES (?)", (text,))


def test_a_scratch_database_on_a_full_disk_is_an_error_of_the_disk() -> None:
    with pytest.raises(OSError, match=FULL) as refused, _Small() as small:
        small.add("x" * 100_000)
    assert refused.value.errno == errno.ENOSPC
    assert not Path(str(refused.value.filename)).exists()
