"""A clock that is off, for a client in a process of its own.

The program asks the C library for the time. A library that is loaded before it (`LD_PRELOAD`) adds
some seconds to the time of day. Clocks that measure how long something takes are not changed.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

_SOURCE = Path(__file__).with_name("shifted_clock.c")


def built(folder: Path) -> Path:
    """Compile the library into this folder. Raises FileNotFoundError if there is no C compiler."""
    library = folder / "shifted_clock.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return library


def shifted(library: Path, seconds: int, command: Sequence[str]) -> Sequence[str]:
    """The command, with a clock that is this much ahead."""
    return ["env", f"LD_PRELOAD={library}", f"CLOCK_AHEAD={seconds}", *command]
