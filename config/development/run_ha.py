"""`make run-ha`: the real parts on one machine: Redis, the Firestore emulator, two instances."""

import os
import sys
from contextlib import ExitStack

from config.development.firestore_emulator import EmulatorMissing, own_firestore_emulator
from config.development.instances import development_environment, instance, migrate
from config.development.ports import free_port
from config.development.processes import NotReady, Process, require_free
from config.development.redis import RedisMissing, run_redis
from config.development.waiting import say, until_interrupted

PORTS = (8001, 8002)


def main() -> int:
    parts: dict[str, Process] = {}
    try:
        with ExitStack() as running:
            require_free(*PORTS)
            say("Starting Redis…")
            redis_port = free_port()
            redis_url = f"redis://127.0.0.1:{redis_port}/0"
            parts["Redis"] = redis = running.enter_context(run_redis(redis_port))
            emulator = os.environ.get("FIRESTORE_EMULATOR_HOST")
            if not emulator:
                say("Starting the Firestore emulator…")
                emulator, process = running.enter_context(own_firestore_emulator())
                parts["The Firestore emulator"] = process
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
                parts[f"Instance {number}"] = running.enter_context(
                    instance(port, environment=own, show_output=True)
                )
            say(f"Alice, on instance 1:  http://127.0.0.1:{PORTS[0]}/?user=alice")
            say(f"Bob, on instance 2:    http://127.0.0.1:{PORTS[1]}/?user=bob")
            say(f"Redis is at {redis_url}, Firestore at {emulator}. To break a part, kill it:")
            for name, part in parts.items():
                say(f"  kill -9 {part.pid:<8} # {name}")
            say(f"To restart Redis, run this in another terminal: {redis.command}")
            say("Press Ctrl-C to stop everything.")
            some_run = until_interrupted(parts)
            say("Stopping…")
            return 0 if some_run else 1
    except (NotReady, EmulatorMissing, RedisMissing) as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
