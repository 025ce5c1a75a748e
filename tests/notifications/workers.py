"""Notification workers as child processes."""

import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from config.development.ports import free_port
from config.development.processes import Process
from tests.releases import PRESENT, Release
from tests.servers.forked import spawn

_START_SECONDS = 60.0


@contextmanager
def worker(
    environment: Mapping[str, str], *, port: int | None = None, release: Release = PRESENT
) -> Iterator[Process]:
    """Run one, with FCM where the environment says, until the context is left."""
    port = port or free_port()
    command = [
        *(release.python, "-m", "tests.notifications.manage", "run_notification_worker"),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]
    with Process(
        command,
        ready=partial(is_healthy, port),
        deadline=_START_SECONDS,
        environment=environment,
        directory=release.directory,
        spawn=spawn,
    ) as process:
        yield process


def is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
