"""Instances of this product as child processes, for development and tests."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from config.development.processes import Process, Spawn, leashed, require_free

_CHECKOUT = Path(__file__).resolve().parents[2]
_START_SECONDS = 60.0
"""Enough for a busy machine."""


def development_environment(**more: str) -> dict[str, str]:
    """Return the development values of the settings."""
    return {
        "DEBUG": "1",
        "SECRET_KEY": "for-development-only-and-never-for-anything-else",
        "CHAT_AUTH": "dev",
        "CHAT_DEMO": "1",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def uvicorn_command(
    port: int,
    *options: str,
    host: str = "127.0.0.1",
    application: str = "config.asgi:application",
    python: str = sys.executable,
) -> Sequence[str]:
    return [
        *(python, "-m", "uvicorn", application),
        *("--host", host, "--port", str(port)),
        *("--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--no-access-log"),
        *options,
    ]


@contextmanager
def instance(
    port: int,
    *,
    host: str = "127.0.0.1",
    environment: Mapping[str, str],
    command: Sequence[str] | None = None,
    directory: Path = _CHECKOUT,
    show_output: bool = False,
    spawn: Spawn = leashed,
) -> Iterator[Process]:
    """Run one instance while the context is open. It is live when the context is entered.

    `directory` may contain another checkout, with a `command` for it. Raises NotReady.
    """
    require_free(port, host=host)
    with Process(
        command or uvicorn_command(port, host=host),
        ready=partial(_is_live, address(host, port)),
        environment=environment,
        deadline=_START_SECONDS,
        directory=directory,
        show_output=show_output,
        spawn=spawn,
    ) as process:
        yield process


def prepare(environment: Mapping[str, str]) -> bool:
    """Check the settings, migrate, and create the demo's conversations. If a setting is wrong,
    print it and return False."""
    command = [sys.executable, "-m", "config.development.prepare"]
    ended = subprocess.run(command, check=False, cwd=_CHECKOUT, env={**os.environ, **environment})
    return ended.returncode == 0


def migrate(environment: Mapping[str, str]) -> None:
    """Bring the database of this environment up to date."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, check=True, cwd=_CHECKOUT, env={**os.environ, **environment})


def address(host: str, port: int) -> str:
    """Return the URL at which this machine can reach a server that listens there."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - any address of this machine, including loopback
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_live(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health/live", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
