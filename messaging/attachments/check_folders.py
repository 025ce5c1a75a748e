"""The temporary folders of checks. A killed instance leaves its folders behind."""

import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

_PREFIX = "chat-files-"
_DAY_SECONDS = 24 * 3600


def make_folder() -> "tempfile.TemporaryDirectory[str]":
    """Return a new folder for one check. This blocks."""
    return tempfile.TemporaryDirectory(prefix=_PREFIX)


def remove_old_folders() -> None:
    """Remove the folders that are older than a day. This blocks."""
    before = time.time() - _DAY_SECONDS
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another instance removes it too, or it belongs to another user
            if folder.stat().st_mtime < before:
                shutil.rmtree(folder)
