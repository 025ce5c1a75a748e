"""The client under test: a process that takes and answers lines of JSON.

docs/checking-a-client.md has the protocol.
"""

import asyncio
import contextlib
import itertools
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

Json = dict[str, Any]

_ANSWER_SECONDS = 30
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
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.communicate()

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
            raise Mistake(f"It answered {line} with what is no JSON: {text!r}") from None
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
