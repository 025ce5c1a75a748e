"""What the tests of the package use: Node, npm, and what `make` installed."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail

PACKAGE = Path(__file__).resolve().parents[3] / "clients" / "javascript"

Run = Callable[..., str]


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a command in the folder of the package, and return what it printed. Fails with it."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        skip_or_fail("Node or npm is missing. Install Node 20 or newer.")
    installed, lock = PACKAGE / "node_modules" / ".installed", PACKAGE / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        skip_or_fail("What clients/javascript needs is not installed. Run `make javascript`.")

    def run_in_package(*command: str | Path, cwd: Path = PACKAGE, **environment: str) -> str:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, "NO_COLOR": "1", **environment},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{command}:\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    return run_in_package


@pytest.fixture(scope="session")
def bin_folder(run: Run) -> Path:
    """Where the installed tools are."""
    return PACKAGE / "node_modules" / ".bin"
