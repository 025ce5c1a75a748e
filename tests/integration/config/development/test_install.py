"""`make run` installs what it needs, and shows on a terminal how far it is."""

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from config.development.install import install


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def requirements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two packages in a folder, from which pip installs into another folder."""
    lines = []
    for name in ("one", "two"):
        wheel = tmp_path / f"{name}-1-py3-none-any.whl"
        information = f"{name}-1.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"{name}.py", "")
            archive.writestr(
                f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n"
            )
            archive.writestr(
                f"{information}/WHEEL",
                "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            )
            archive.writestr(f"{information}/RECORD", "")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"{name}==1 \\\n    --hash=sha256:{digest}\n    # via the test\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "installed"))
    file = tmp_path / "requirements.txt"
    file.write_text("".join(lines))
    return file


def test_a_terminal_shows_how_far_it_is(requirements: Path) -> None:
    terminal = Terminal()

    assert install(requirements, terminal) == 0

    shown = terminal.getvalue().split("\r\033[K")
    assert shown == [
        *("", "1 of 2 packages: one-1-py3-none-any.whl", "2 of 2 packages: two-1-py3-none-any.whl"),
        *("Unpacking 2 packages…", ""),
    ]
    assert (requirements.parent / "installed" / "two.py").exists()


def test_a_log_shows_what_pip_said_if_it_fails(requirements: Path) -> None:
    (requirements.parent / "two-1-py3-none-any.whl").unlink()

    done = subprocess.run(
        [sys.executable, "-m", "config.development.install", str(requirements)],
        capture_output=True,
        text=True,
        env=dict(os.environ),
        check=False,
    )

    assert done.returncode == 1
    assert "one-1-py3-none-any.whl" in done.stdout
    assert "No matching distribution found for two==1" in done.stderr
