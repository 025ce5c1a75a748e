"""What the processes of a run share."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from tests.shared import made_once, shared_folder


def test_a_file_is_made_once_for_all_who_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TESTS_SHARED_FOLDER", raising=False)
    made: list[bytes] = []
    again = Event()

    def make() -> bytes:
        if made:
            again.set()
        made.append(b"content")
        again.wait(0.2)  # whoever does not wait for this one comes meanwhile
        return b"content"

    def ask(_: int) -> bytes:
        return made_once("file", make)

    with shared_folder(), ThreadPoolExecutor(4) as threads:
        assert set(threads.map(ask, range(8))) == {b"content"}
        assert len(made) == 1

    assert made_once("file", make) == b"content"
    assert len(made) == 2


def test_what_could_not_be_made_is_made_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TESTS_SHARED_FOLDER", raising=False)

    def fail() -> bytes:
        raise ConnectionError

    with shared_folder():
        with pytest.raises(ConnectionError):
            made_once("file", fail)
        assert made_once("file", lambda: b"content") == b"content"
