"""A forked command is like one of a new interpreter."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.development.processes import Process
from tests.servers.forked import run_python, spawn

_FOUND = """
import json, os, sys, threading
from django.conf import settings
ours = {"chat", "config", "messaging", "tests"}
print(json.dumps({
    "environment": dict(os.environ),
    "directory": os.getcwd(),
    "arguments": sys.argv,
    "of ours": [name for name in sys.modules if name.partition(".")[0] in ours],
    "settings": settings.configured,
    "threads": threading.active_count(),
    "input": sys.stdin.read(),
}))
"""


def test_it_has_its_own_environment_and_nothing_of_ours(tmp_path: Path) -> None:
    own = {"PATH": os.environ["PATH"], "NAME": "value"}

    done = run_python("-c", _FOUND, "one", environment=own, directory=tmp_path)

    assert json.loads(done.stdout) == {
        "environment": own,
        "directory": str(tmp_path),
        "arguments": ["-c", "one"],
        "of ours": [],
        "settings": False,
        "threads": 1,
        "input": "",
    }


def test_a_script_in_this_checkout_has_modules_that_read_no_setting(tmp_path: Path) -> None:
    """The script itself imports the modules that read a setting, in its own environment. In another
    directory, modules of the same names may be others."""
    script = tmp_path / "script.py"
    script.write_text(_FOUND)
    own = {"PATH": os.environ["PATH"], "NAME": "value"}

    here = json.loads(run_python(str(script), environment=own).stdout)
    elsewhere = json.loads(run_python(str(script), environment=own, directory=tmp_path).stdout)

    assert (here["environment"], here["settings"], here["threads"]) == (own, False, 1)
    assert {"messaging.domain.message", "config.servers.uvicorn"} <= set(here["of ours"])
    assert not {"config.env", "config.settings", "messaging.models"} & set(here["of ours"])
    assert elsewhere["of ours"] == []


@pytest.mark.parametrize(
    ("code", "status", "errors"),
    [
        ("pass", 0, ""),
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('why')", 1, "why\n"),
        ("import os; os.kill(os.getpid(), 9)", -9, ""),
        ("import atexit, os; atexit.register(os.write, 2, b'bye'); 1 / 0", 1, "bye"),
    ],
)
def test_how_it_ended_is_returned(code: str, status: int, errors: str) -> None:
    done = run_python("-c", code, environment=os.environ)

    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.endswith(errors)
    assert ("ZeroDivisionError" in done.stderr) == ("1 / 0" in code)


def test_a_failure_raises_if_it_is_asked_for() -> None:
    with pytest.raises(subprocess.CalledProcessError) as raised:
        run_python("-c", "import sys; sys.exit('why')", environment=os.environ, check=True)

    assert (raised.value.returncode, raised.value.stderr) == (1, "why\n")


def test_it_is_killed_at_the_end_of_its_time(tmp_path: Path) -> None:
    """The next command runs as before."""
    code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
    file = tmp_path / "process"
    with pytest.raises(subprocess.TimeoutExpired):
        run_python("-c", code, str(file), environment=os.environ, timeout=5)

    assert run_python("-c", "print(1)", environment=os.environ).stdout == "1\n"
    status = Path(f"/proc/{file.read_text()}/stat")
    assert not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


_GROUP = """
import os, subprocess, sys
inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(inner.pid, os.getpid())
inner.wait()
"""
"""Writes its id and that of its child, and waits."""
_OWNER = """
import sys
from config.development.processes import Process
from tests.servers.forked import spawn

def ready():
    return len(process.output().split()) == 2

process = Process(
    [sys.executable, "-c", sys.argv[1]],
    ready=ready,
    environment={"PYTHONUNBUFFERED": "1"},
    spawn=spawn,
)
with process:
    print(process.output(), flush=True)
    process.wait(60)
"""


def _is_alive(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _wait_for_end(*processes: int) -> None:
    end = time.monotonic() + 20
    while any(map(_is_alive, processes)):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_process_ends_with_its_context() -> None:
    """What it writes is there at once, and how it ended is known."""
    process = Process(
        [sys.executable, "-c", _GROUP],
        ready=lambda: len(process.output().split()) == 2,
        environment={"PYTHONUNBUFFERED": "1"},
        spawn=spawn,
    )
    with process:
        inner, pid = map(int, process.output().split())
        assert pid == process.pid
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == -signal.SIGTERM
        assert process.ended
        assert _is_alive(inner)

    _wait_for_end(inner)


def test_a_process_ends_with_an_owner_that_is_killed() -> None:
    """And what it has started."""
    with subprocess.Popen(
        [sys.executable, "-c", _OWNER, _GROUP], stdout=subprocess.PIPE, cwd=Path.cwd()
    ) as owner:
        assert owner.stdout is not None
        processes = [int(word) for word in owner.stdout.readline().split()]
        owner.kill()

    _wait_for_end(*processes)
