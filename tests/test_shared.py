"""What the processes of a run share."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from tests.shared import folder_made_once, made_once, shared_folder


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


def test_a_folder_is_made_once_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a failure left of it is gone."""
    monkeypatch.delenv("TESTS_SHARED_FOLDER", raising=False)
    made: list[Path] = []

    def fail(folder: Path) -> None:
        folder.mkdir()
        (folder / "half").touch()
        raise ConnectionError

    def make(folder: Path) -> None:
        made.append(folder)
        folder.mkdir()
        (folder / "whole").touch()

    with shared_folder(), ThreadPoolExecutor(4) as threads:
        with pytest.raises(ConnectionError):
            folder_made_once("folder", fail)
        (folder,) = set(threads.map(lambda _: folder_made_once("folder", make), range(8)))
        assert [file.name for file in folder.iterdir()] == ["whole"]
        assert len(made) == 1
