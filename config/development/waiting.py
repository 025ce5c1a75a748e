"""Shared by the development programs: print lines, and wait for Ctrl-C."""

import signal
import time
from collections.abc import Mapping

from config.development.processes import Process

_POLL_SECONDS = 0.2


def say(line: str) -> None:
    print(line, flush=True)


def until_interrupted(parts: Mapping[str, Process]) -> bool:
    """Wait for SIGINT or SIGTERM, or for the end of all parts. Return whether any still runs.

    Print the name of each part that ends; the others continue.
    """
    interrupted = False

    def interrupt(*_: object) -> None:
        nonlocal interrupted
        interrupted = True

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)
    }
    running = dict(parts)
    try:
        while running and not interrupted:
            time.sleep(_POLL_SECONDS)
            for name in [name for name, part in running.items() if part.ended and not interrupted]:
                say(f"{name} has ended, {_how(running.pop(name).wait(0))}.")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return bool(running)


def _how(status: int) -> str:
    """Describe an exit status of `subprocess` in words."""
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with exit status {status}"
