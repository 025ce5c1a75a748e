"""The repository's own client, as the checking suite speaks to it.

`--break` makes it break a rule on purpose, so that a test can see the suite notice.
"""

import argparse
import asyncio
import json
import sys
from typing import Any

from tests.clients.person import Person

Json = dict[str, Any]

FAULTS = ("ignores-holes", "doubles-on-retry", "reconnects-always", "keeps-ghosts")


async def main(fault: str | None) -> None:
    """Carry out the lines of standard input until it ends."""
    reader = asyncio.StreamReader(limit=2**20)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    person: Person | None = None
    while line := await reader.readline():
        asked = json.loads(line)
        answer: Json = {"id": asked["id"]}
        match asked["do"]:
            case "connect":
                if person is None:
                    person = Person(asked["user_id"], asked["url"], asked["token_url"], fault)
                await person.connect()
            case "send" if person is not None:
                person.say(asked["conversation_id"], asked["text"])
            case "read" if person is not None:
                person.background(person.mark_read(asked["conversation_id"], asked["seq"]))
            case "watch" if person is not None:
                person.watch(asked["user_ids"])
            case "state" if person is not None:
                answer["state"] = person.state()
            case unknown:
                answer["error"] = f"cannot {unknown}"
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--break", dest="fault", choices=FAULTS)
    asyncio.run(main(parser.parse_args().fault))
