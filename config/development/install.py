"""The first step of `make run`: installs the packages of a file, and shows how far it is.

pip itself shows either nothing (`--quiet`) or several lines for each package. Only the standard
library is there. The environment has the settings of pip.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import TextIO

_PIP = (
    *(sys.executable, "-m", "pip", "install", "--disable-pip-version-check"),
    *("--progress-bar", "off", "--require-hashes", "--requirement"),
)
_PACKAGE = re.compile(r"^[A-Za-z0-9][^=\s]*==", re.MULTILINE)
_COLLECTING = re.compile(
    r"^(?:Collecting|Processing|Requirement already satisfied:) (?:\S*/)?([^=\s]+)"
)


def install(file: Path, shown: TextIO) -> int:
    """Install the packages, and return the status of pip. On a terminal, `shown` gets one line that
    changes; a log gets it only if pip fails: with all that pip said."""
    total = len(_PACKAGE.findall(file.read_text()))
    lines: list[str] = []
    found = 0
    with subprocess.Popen((*_PIP, str(file)), stdout=subprocess.PIPE, text=True) as pip:
        for line in pip.stdout or ():
            lines.append(line)
            if match := _COLLECTING.match(line):
                found += 1
                _show(shown, f"{found} of {total} packages: {match[1]}")
            elif line.startswith("Installing collected"):
                _show(shown, f"Unpacking {found} packages…")
    _show(shown, "")
    if pip.returncode:
        shown.writelines(lines)
    return pip.returncode


def _show(shown: TextIO, text: str) -> None:
    if shown.isatty():
        shown.write(f"\r\033[K{text}")
        shown.flush()


if __name__ == "__main__":
    sys.exit(install(Path(sys.argv[1]), sys.stdout))
