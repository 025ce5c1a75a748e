"""`make run`: the product on its embedded default, with the demo page. Nothing else is needed."""

import os
import sys
from pathlib import Path

from config.development.instances import development_environment, instance, migrate
from config.development.processes import NotReady, require_free
from config.development.waiting import say, until_interrupted

PORT = "8000"


def main() -> int:
    named = os.environ.get("PORT") or PORT
    if not named.isdecimal() or not 0 < int(named) < 65536:
        say(f"PORT is {named!r}. Set it to a number from 1 to 65535.")
        return 1
    port = int(named)
    environment = development_environment(
        DATABASE_URL=f"sqlite:///{Path('db.sqlite3').resolve()}", CHAT_STORE="sql", REDIS_URL=""
    )
    try:
        require_free(port, advice="Choose another: PORT=8123 make run")
        say("Preparing the database…")
        migrate(environment)
        with instance(port, environment=environment, show_output=True) as process:
            say(f"Two people chat at  http://127.0.0.1:{port}/")
            say(f"The API's pages at  http://127.0.0.1:{port}/api/docs")
            say("Ctrl-C ends it.")
            return 0 if until_interrupted({"The instance": process}) else 1
    except NotReady as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
