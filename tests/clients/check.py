"""Check a client that somebody wrote: `python -m tests.clients.check -- node client.js`.

docs/checking-a-client.md says how the client is spoken to.
"""

import argparse
import sys

from tests.clients.checking.runner import run
from tests.clients.checking.scenarios import scenarios


def main() -> int:
    """Exit with 0 where the client keeps all rules."""
    parser = argparse.ArgumentParser(prog="python -m tests.clients.check", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the scenarios that take seconds")
    parser.add_argument("--only", metavar="NAME[,NAME]", help="these scenarios")
    parser.add_argument("--list", action="store_true", help="name the scenarios and their rules")
    parser.add_argument("command", nargs="*", help="what starts the client")
    arguments = parser.parse_args()
    chosen = [one for one in scenarios() if one.short or not arguments.short]
    if arguments.only is not None:
        names = arguments.only.split(",")
        if unknown := set(names) - {one.name for one in chosen}:
            parser.error(f"There is no scenario {', '.join(sorted(unknown))}; see --list.")
        chosen = [one for one in chosen if one.name in names]
    if arguments.list:
        print("\n".join(f"{one.name}: {one.rule}" for one in chosen))
        return 0
    if not arguments.command:
        parser.error("Name the command that starts the client, after --.")
    return 0 if run(arguments.command, chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
