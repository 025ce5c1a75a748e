"""Files and folders that the processes of one run of `pytest -n` share. Each is made once."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.memory import memory_folder

_FOLDER = "TESTS_SHARED_FOLDER"


def is_shared() -> bool:
    """Return whether other processes use what this one makes."""
    return _FOLDER in os.environ


@contextmanager
def shared_folder() -> Iterator[None]:
    """Share files among all processes that are started while the context is open."""
    with TemporaryDirectory(prefix="chat-tests-shared-", dir=memory_folder(gib=1)) as folder:
        os.environ[_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[_FOLDER]


def made_once(name: str, make: Callable[[], bytes]) -> bytes:
    """Return the content of the shared file of this name. The first process that asks makes it,
    and the others wait. A process that shares nothing makes it for itself."""
    folder = os.environ.get(_FOLDER)
    if folder is None:
        return make()
    file = Path(folder, name)
    with file.open("a+b") as content:
        fcntl.flock(content, fcntl.LOCK_EX)
        if not file.stat().st_size:
            content.write(make())
            content.flush()
        return file.read_bytes()


def folder_made_once(name: str, make: Callable[[Path], object]) -> Path:
    """Return the shared folder of this name, where processes share one: see `is_shared`. The first
    that asks makes it at the path that `make` gets, and the others wait."""
    folder = Path(os.environ[_FOLDER], name)
    unfinished = folder.with_name(f"{name}.unfinished")
    with folder.with_name(f"{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.rmtree(unfinished, ignore_errors=True)
            make(unfinished)
            unfinished.rename(folder)
    return folder
