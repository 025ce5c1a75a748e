"""A Redis at a free port, and a sentinel."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.development.ports import free_port
from config.development.processes import Process
from config.development.redis import run_redis, run_redis_program


@contextmanager
def redis_server(*options: str | Path) -> Iterator[str]:
    """Run a private Redis with additional options, and yield its URL.

    Raises RedisMissing, NotReady.
    """
    port = free_port()
    with run_redis(port, *options):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def run_sentinel(port: int, name: str, master_port: int, *settings: str) -> Iterator[Process]:
    """Run a sentinel that monitors this primary with a quorum of one. Each of `settings` is a line
    of its file, such as `down-after-milliseconds NAME 1000`.

    Raises RedisMissing, NotReady.
    """
    with tempfile.TemporaryDirectory(prefix="chat-sentinel-") as directory:
        lines = [f"monitor {name} 127.0.0.1 {master_port} 1", *settings]
        file = Path(directory, "sentinel.conf")  # Sentinel writes to it too
        file.write_text("".join(f"sentinel {line}\n" for line in lines))
        with run_redis_program(port, file, "--sentinel", "--port", str(port)) as process:
            yield process
