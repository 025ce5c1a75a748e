"""`make run-ha`: the real parts on one machine: Redis, the Firestore emulator, two instances."""

import sys
from contextlib import ExitStack

from config.development.firestore_emulator import EmulatorMissing, firestore_emulator
from config.development.instances import development_environment, instance, migrate
from config.development.processes import NotReady
from config.development.redis import RedisMissing, redis_server
from config.development.waiting import say, until_interrupted

PORTS = (8001, 8002)


def main() -> int:
    try:
        with ExitStack() as parts:
            say("Starting Redis…")
            redis_url = parts.enter_context(redis_server())
            say("Starting the Firestore emulator…")
            emulator = parts.enter_context(firestore_emulator())
            environment = development_environment(
                CHAT_STORE="firestore",
                GOOGLE_CLOUD_PROJECT="demo-chat",
                FIRESTORE_EMULATOR_HOST=emulator,
                REDIS_URL=redis_url,
                DATABASE_URL="sqlite:///db-ha.sqlite3",
            )
            migrate(environment)
            for number, port in enumerate(PORTS, start=1):
                say(f"Starting instance {number} of {len(PORTS)}…")
                own = {**environment, "INSTANCE_ID": f"instance-{number}"}
                parts.enter_context(instance(port, environment=own, show_output=True))
            say(f"Alice, on instance 1:  http://127.0.0.1:{PORTS[0]}/?user=alice")
            say(f"Bob, on instance 2:    http://127.0.0.1:{PORTS[1]}/?user=bob")
            say("Ctrl-C ends all of it.")
            until_interrupted()
            say("Stopping…")
    except (NotReady, EmulatorMissing, RedisMissing) as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
