"""Files that a test run leaves for the next, in the cache of whoever runs it."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chat-backend"


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder of this name. If there is none, `make` creates it, where it is told to;
    what it makes must never change."""
    folder = CACHE / name
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=CACHE) as temporary:
            made = Path(temporary) / "made"
            make(made)
            with suppress(OSError):  # another process was faster
                made.rename(folder)
    return folder
