"""`make run`: the product with its embedded defaults and the demo page. Nothing else is needed.

Every setting in the environment is kept; all others get development values.
"""

import os
import sys
from pathlib import Path

from config.development.instances import (
    address,
    development_environment,
    instance,
    prepare,
)
from config.development.processes import NotReady, is_loopback, require_free
from config.development.waiting import say, until_interrupted

PORT = "8000"
HOST = "127.0.0.1"
_DJANGOS_OWN = {HOST, "localhost", "::1"}
"""Hosts that Django allows under DEBUG if ALLOWED_HOSTS is empty."""


def main() -> int:
    named = os.environ.get("PORT") or PORT
    if not named.isdecimal() or not 0 < int(named) < 65536:
        say(f"PORT is {named!r}. Set it to a number from 1 to 65535.")
        return 1
    port, host = int(named), os.environ.get("HOST") or HOST
    try:
        require_free(port, host=host, advice="Choose another: PORT=8123 make run")
        environment = _environment(host)
        say("Preparing the database…")
        if not prepare(environment):
            return 1
        with instance(port, host=host, environment=environment, show_output=True) as process:
            _announce(address(host, port), environment)
            return 0 if until_interrupted({"The instance": process}) else 1
    except NotReady as error:
        say(str(error))
        return 1


def _environment(host: str) -> dict[str, str]:
    """Return the settings for development; the environment takes precedence. Raises NotReady."""
    development = development_environment(
        DATABASE_URL=f"sqlite:///{Path('db.sqlite3').resolve()}", LOG_LEVEL="warning"
    )
    if not is_loopback(host):
        say(f"Warning: on {host}, anyone who can reach this machine may chat as anyone.")
        development["ALLOWED_HOSTS"] = "*"  # clients may use any name of this machine
    elif host not in _DJANGOS_OWN:
        development["ALLOWED_HOSTS"] = host
    return {name: os.environ.get(name) or value for name, value in development.items()}


def _announce(address: str, environment: dict[str, str]) -> None:
    if environment["CHAT_AUTH"] == "dev" and environment["CHAT_DEMO"] == "1":
        say(f"Two people chat at  {address}/")
    say(f"API documentation at  {address}/api/docs")
    say("Press Ctrl-C to stop.")


if __name__ == "__main__":
    sys.exit(main())
