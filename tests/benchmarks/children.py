"""Load from processes of its own: each child does what it is asked to and answers with figures."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

Figures = dict[str, Any]

_ROOT = Path(__file__).resolve().parents[2]


class Child:
    """One process that makes load. It ends with its input, so also with our process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, work: str, **arguments: object) -> None:
        """Begin some work: the name of a function, and its arguments."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([work, arguments]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Figures:
        """Wait for the figures of what was asked last."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "The child ended; what it wrote to standard error says why."
        figures: Figures = json.loads(line)
        return figures


@contextmanager
def children(
    count: int, *, module: str = "tests.benchmarks.load", **environment: str
) -> Iterator[Sequence[Child]]:
    """So many children, each of that module, with these variables besides our own; gone once this
    is left."""
    variables = {
        **os.environ,
        "DEBUG": "1",
        "SECRET_KEY": "tests-only-tests-only-tests-only-tests-only-tests",
        "CHAT_AUTH": "dev",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        **environment,
    }
    with ExitStack() as exit_:
        started = []
        for _ in range(count):
            process = subprocess.Popen(
                [sys.executable, "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=variables,
                cwd=_ROOT,
            )
            exit_.enter_context(process)  # closes the pipes and waits
            exit_.callback(process.kill)
            started.append(Child(process))
        yield started


def together(children: Sequence[Child], work: str, **arguments: object) -> list[Figures]:
    """The same work by all of them at the same time."""
    for child in children:
        child.ask(work, **arguments)
    return [child.answer() for child in children]


async def carry_out(works: Mapping[str, Callable[..., Awaitable[Figures]]]) -> None:
    """In a child: do what it is asked to until the input ends, and answer each with its figures."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        work, arguments = json.loads(line)
        print(json.dumps(await works[work](**arguments)), flush=True)
