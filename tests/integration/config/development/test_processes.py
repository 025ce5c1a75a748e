"""Child processes are gone when they are done with, however that comes about."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.development.processes import NotReady, Process

ROOT = Path(__file__).resolve().parents[4]
OWNER = """
import sys, time
from config.development.processes import Process
with Process(["sh", "-c", "echo $$ >pid; sleep 60"], ready=lambda: True):
    time.sleep(60)
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for_pid(file: Path) -> int:
    end = time.monotonic() + 10
    while not (file.exists() and file.read_text().strip()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return int(file.read_text())


def assert_ends(pid: int) -> None:
    end = time.monotonic() + 5
    while is_alive(pid):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_leaving_ends_grandchildren_too(tmp_path: Path) -> None:
    """The whole group is ended, not only the child."""
    command = ["sh", "-c", "sleep 60 & echo $! >pid; wait"]
    with Process(command, ready=lambda: True, directory=tmp_path):
        grandchild = wait_for_pid(tmp_path / "pid")

    assert_ends(grandchild)


def test_a_stopped_child_ends(tmp_path: Path) -> None:
    """One that hangs is not left hanging."""
    with Process(
        ["sh", "-c", "echo $$ >pid; sleep 60"], ready=lambda: True, directory=tmp_path
    ) as child:
        pid = wait_for_pid(tmp_path / "pid")
        child.send_signal(signal.SIGSTOP)

    assert not is_alive(pid)


def test_children_end_with_an_owner_that_is_killed(tmp_path: Path) -> None:
    """SIGKILL leaves no chance to clean up, and yet nothing stays behind."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    child = wait_for_pid(tmp_path / "pid")

    owner.kill()
    owner.wait()

    assert_ends(child)


@pytest.mark.parametrize(
    ("script", "reason"),
    [("echo why; exit 3", "ended with 3"), ("echo why; sleep 60", "not ready")],
)
def test_a_child_that_does_not_get_ready_says_why(script: str, reason: str) -> None:
    """The error ends with what the child wrote."""
    with (
        pytest.raises(NotReady, match=rf"{reason}[^\n]*\nwhy\n"),
        Process(["sh", "-c", script], ready=lambda: False, deadline=0.5),
    ):
        pass
