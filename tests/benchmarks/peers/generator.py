"""The load generator: compiled from `load/` with gcc, and asked for one work at a time."""

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.peers.cores import load_core, pinned
from tests.benchmarks.peers.dialects import Dialect
from tests.benchmarks.peers.installing import CACHE, Missing

_SOURCES = Path(__file__).parent / "load"
_FLAGS = ("-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror")
_CONNECT_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One socket of the load."""

    role: str
    """`r` counts messages, `s` sends commands, `h` sends HTTP requests."""
    conversation: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What all senders do."""

    command: str
    seconds: float
    delivered: bool = False
    """Whether a command is complete once all receivers have its messages, or once it is
    acknowledged."""
    batch: int = 1
    """The messages that one command creates."""
    window: int = 1
    """The commands under way on each socket."""
    pace: float = 0.0
    """Seconds between two commands of a socket; 0: the next follows when one is complete."""
    patience: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The figures of one work."""

    seconds: float
    """From the first command to the last answer or delivery."""
    whole_seconds: float
    sent: int
    completed: int
    acknowledged: int
    refused: int
    deliveries: int
    bytes: int
    out_of_order: int
    """Deliveries that were doubled, late, or had others missing before them."""
    missing: int
    closed: int
    """Sockets that the server closed."""
    p50: float
    p99: float
    load_cpu: float
    """The share of its core that the generator used."""


class Generator:
    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process = process
        self._folder = folder

    def speak(self, dialect: Dialect) -> None:
        """Set how the sockets read and write."""
        self._ask(
            "dialect",
            dialect.acknowledged,
            dialect.refused,
            dialect.ping,
            dialect.pong,
            dialect.keepalive,
            dialect.keepalive_seconds,
        )

    def connect(
        self, port: int, dialect: Dialect, lines: Sequence[Line], *, at_once: int = 32
    ) -> float:
        """Open these sockets, so many at once, and return the seconds until all were greeted."""
        path = self._folder / "sockets"
        path.write_text("".join(self._line(line, dialect) for line in lines))
        answer = self._ask("connect", port, at_once, _CONNECT_SECONDS, path)
        if answer["opened"] != len(lines):
            raise RuntimeError(f"Of {len(lines)} sockets {answer['opened']} opened: {answer}")
        return float(answer["seconds"])

    def run(self, work: Work) -> Outcome:
        """Do this work, and return its figures once nothing is under way any more."""
        answer = self._ask(
            "run",
            work.seconds,
            "d" if work.delivered else "a",
            work.batch,
            work.window,
            work.pace,
            work.patience,
            work.command,
        )
        return Outcome(**answer)

    def idle(self, seconds: float) -> int:
        """Say only what keeps the sockets open. Return how many the server has closed."""
        return int(self._ask("idle", seconds)["closed"])

    def disconnect(self) -> None:
        self._ask("disconnect")

    def _ask(self, *words: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\t".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"The load generator ended with {self._process.wait()}.")
        figures: dict[str, Any] = json.loads(answer)
        return figures

    def _line(self, line: Line, dialect: Dialect) -> str:
        if line.role == "h":
            words = [line.role, line.conversation, dialect.request(line.conversation, line.user)]
        else:
            words = [line.role, line.conversation, dialect.upgrade(line.conversation, line.user)]
            for wait, send in dialect.greeting(line.conversation, line.user):
                words += [wait, send]
        return "\t".join(words) + "\n"


@contextmanager
def generator() -> Iterator[Generator]:
    """Run a load generator on its core. Raises Missing."""
    with tempfile.TemporaryDirectory(prefix="chat-load-") as folder:
        process = subprocess.Popen(
            pinned(load_core(), [_compiled()]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        with process:  # closes the pipes and waits
            try:
                yield Generator(process, Path(folder))
            finally:
                process.kill()


def _compiled() -> Path:
    """Return the program, compiled anew whenever its source has changed."""
    compiler = shutil.which("gcc")
    if compiler is None:
        raise Missing("The load generator needs gcc. Install the Debian package gcc.")
    sources = sorted(_SOURCES.glob("*.c"))
    texts = b"".join(path.read_bytes() for path in sorted(_SOURCES.iterdir()))
    program = CACHE / f"load-{hashlib.sha256(texts).hexdigest()[:16]}"
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            made = Path(folder, "load")
            subprocess.run([compiler, *_FLAGS, "-o", made, *sources], check=True)
            made.replace(program)
    return program
