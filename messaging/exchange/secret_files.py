"""Files that only their owner may read: they hold texts and push tokens."""

import os
from pathlib import Path
from typing import BinaryIO


def create_secret(path: Path) -> BinaryIO:
    """Create a file with the mode 600, and return it, open for writing. Raises FileExistsError,
    OSError."""
    return open(path, "xb", opener=_open)


def _open(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
