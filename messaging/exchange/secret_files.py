"""Files that only their owner may read: they hold texts and push tokens."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def create_secret(path: Path) -> BinaryIO:
    """Create a file with the mode 600, and return it, open for writing. Raises FileExistsError,
    OSError."""
    return open(path, "xb", opener=_open)


@contextmanager
def new_secret(path: Path) -> Iterator[BinaryIO]:
    """Yield such a file. Unless it is written whole, it is removed. Raises as `create_secret`."""
    file = create_secret(path)
    try:
        with file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _open(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
