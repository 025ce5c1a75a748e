"""The commands of an instance under the servers that `make run` does not use."""

import sys
from collections.abc import Sequence

MANAGE = ("manage.py",)


def serve_command(port: int, *options: str, manage: Sequence[str] = MANAGE) -> Sequence[str]:
    """Return the command that production uses too."""
    return [sys.executable, *manage, "serve", "--port", str(port), *options]


def daphne_command(port: int) -> Sequence[str]:
    return [
        *(sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port)),
        *("--websocket-max-message-size", str(8 * 1024 * 1024)),  # also limits outgoing messages
        *("--verbosity", "0"),  # no access log: it would contain query strings
        "config.asgi:application",
    ]
