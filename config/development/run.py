"""`make run`: the product on its embedded default, with the demo page. Nothing else is needed."""

import sys
from pathlib import Path

from config.development.instances import development_environment, instance, migrate
from config.development.processes import NotReady
from config.development.waiting import say, until_interrupted

PORT = 8000


def main() -> int:
    environment = development_environment(
        DATABASE_URL=f"sqlite:///{Path('db.sqlite3').resolve()}", CHAT_STORE="sql", REDIS_URL=""
    )
    say("Preparing the database…")
    migrate(environment)
    try:
        with instance(PORT, environment=environment, show_output=True):
            say(f"Two people chat at  http://127.0.0.1:{PORT}/")
            say(f"The API's pages at  http://127.0.0.1:{PORT}/api/docs")
            say("Ctrl-C ends it.")
            until_interrupted()
    except NotReady as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
