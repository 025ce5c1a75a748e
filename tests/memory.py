"""Where tests put files that need not last: in memory, since each wait for a disk counts."""

import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")


def memory_folder(*, gib: int) -> Path | None:
    """Return a folder in memory with room for this many GiB. None: use the disk."""
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > gib << 30:
        return _MEMORY
    return None
