"""The client under test: a process that takes and answers lines of JSON.

docs/checking-a-client.md has the protocol.
"""

import asyncio
import contextlib
import itertools
import json
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

Json = dict[str, Any]

_ANSWER_SECONDS = 30
_END_SECONDS = 5
_CHECKOUT = Path(__file__).resolve().parents[3]
_STATE = {"connection", "degraded", "conversations", "outbox", "failed", "presence"}
_MAX_LINE = 64 * 1024 * 1024


class Mistake(Exception):
    """The client under test did something wrong; the text says what."""


class Subject:
    """One run of it, in a process group of its own. Enter the context to start it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._ids = itertools.count(1)

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_MAX_LINE,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(_CHECKOUT)},
        )
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """End it. Its children, such as a browser, get a moment to end by themselves."""
        self.wake()
        self._signal_group(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _END_SECONDS)
        self._signal_group(signal.SIGKILL)
        await self._process.communicate()

    def sleep(self) -> None:
        """Stop it and its descendants, as closing the lid of a laptop does."""
        for pid in self._family():
            os.kill(pid, signal.SIGSTOP)

    def wake(self) -> None:
        for pid in self._family():
            os.kill(pid, signal.SIGCONT)

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _family(self) -> Sequence[int]:
        """The ids of the process and of its descendants, parents first."""
        parents = dict(_parents())
        family = [self._process.pid] if self._process.pid in parents else []
        for pid in family:  # it grows
            family += [child for child, parent in parents.items() if parent == pid]
        return family

    async def do(self, act: str, **fields: Any) -> Json:
        """Its answer to one line. Raises Mistake."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = {"id": next(self._ids), "do": act, **fields}
        try:
            self._process.stdin.write(json.dumps(line).encode() + b"\n")
            await self._process.stdin.drain()
            async with asyncio.timeout(_ANSWER_SECONDS):
                raw = await self._process.stdout.readline()
        except (OSError, TimeoutError) as error:
            raise Mistake(f"It does not answer {line}: {error!r}") from None
        try:
            answer: Json = json.loads(raw)
        except ValueError:
            text = raw[:200].decode(errors="replace")
            raise Mistake(f"It answered {line} with text that is no JSON: {text!r}") from None
        if answer.get("id") != line["id"]:
            raise Mistake(f"It answered {line} with another id: {answer}")
        if "error" in answer:
            raise Mistake(f"It answered {line} with an error: {answer['error']}")
        return answer

    async def state(self) -> Json:
        """What it shows. Raises Mistake."""
        state: Json = (await self.do("state")).get("state", {})
        missing = _STATE - state.keys()
        if missing:
            raise Mistake(f"Its state lacks {sorted(missing)}.")
        return state


def _parents() -> Iterator[tuple[int, int]]:
    """The id of each process, with that of its parent."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            fields = stat.read_text().rpartition(")")[2].split()
            yield int(stat.parent.name), int(fields[1])
