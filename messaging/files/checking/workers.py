"""The worker processes of an instance: they start when there is work, and are replaced when they
crash, hang, or have worked for long."""

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from pathlib import Path
from typing import Any

import structlog

import messaging
from messaging.domain.exceptions import Overloaded
from messaging.files.checking.findings import Facts, Refused, unreadable_image

logger = structlog.get_logger(__name__)

_PROCESSOR_SECONDS = 30.0
"""The most processor time of one check. The largest images take a few seconds."""
_SECONDS = 300.0
"""The longest check of one file. A busy machine leaves a worker little of its processors."""
_MOST_TASKS = 500
"""A worker that has checked so many files is replaced, so that no leak grows for ever."""
_MAX_ANSWER_BYTES = 64 * 1024
_MOST_WORKERS = 4
_ROOT = Path(messaging.__file__).resolve().parent.parent


def workers_of_this_machine() -> int:
    """Return how many files are checked at once: half of the processors, so that messages keep the
    others."""
    return max(1, min((os.cpu_count() or 1) // 2, _MOST_WORKERS))


class _Worker:
    """One worker process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.tasks = 0

    @classmethod
    async def start(cls) -> "_Worker":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "messaging.files.checking.worker"),
            stdin=PIPE,
            stdout=PIPE,
            limit=_MAX_ANSWER_BYTES,
            cwd=_ROOT,
        )
        return cls(process)

    @property
    def alive(self) -> bool:
        """Return whether it still takes tasks. The system may have ended it meanwhile."""
        stdin = self._process.stdin
        return self._process.returncode is None and stdin is not None and not stdin.is_closing()

    async def run(self, task: dict[str, Any]) -> dict[str, Any] | None:
        """Return the answer; None if the process has ended instead."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.tasks += 1
        try:
            self._process.stdin.write(json.dumps(task).encode() + b"\n")
            await self._process.stdin.drain()
            line = await self._process.stdout.readline()
            answer: dict[str, Any] = json.loads(line)
        except (OSError, ValueError):
            return None
        return answer

    async def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


class CheckingWorkers:
    def __init__(
        self,
        *,
        most: int,
        processor_seconds: float = _PROCESSOR_SECONDS,
        seconds: float = _SECONDS,
    ) -> None:
        """Create the pool. At most so many processes work at once. For one file, each uses at most
        `processor_seconds` of a processor, and takes at most `seconds`."""
        self._places = asyncio.Semaphore(most)
        self._processor_seconds = processor_seconds
        self._seconds = seconds
        self._idle: deque[_Worker] = deque()
        self._busy: set[_Worker] = set()

    async def check(
        self, source: Path, content_type: str, *, target: Path, thumbnail: Path
    ) -> Facts:
        """Check a file. Write what is to be stored to `target`, and an image's thumbnail. The
        source may be gone afterwards. Raises Refused, and Overloaded if the machine is too busy."""
        task = {
            "seconds": self._processor_seconds,
            "source": str(source),
            "content_type": content_type,
            "target": str(target),
            "thumbnail": str(thumbnail),
        }
        async with self._places:
            answer = await self._run(task)
        if "code" in answer:
            raise Refused(answer["code"], answer["detail"])
        return Facts(**answer)

    async def close(self) -> None:
        """End all processes."""
        workers = [*self._idle, *self._busy]
        self._idle.clear()
        for worker in workers:
            await worker.end()

    async def _idle_worker(self) -> _Worker | None:
        """Return a worker that waits for a task; None if none is left."""
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            await worker.end()
            logger.warning("file_check.worker_replaced", reason="ended")
        return None

    async def _run(self, task: dict[str, Any]) -> dict[str, Any]:
        worker = await self._idle_worker() or await _Worker.start()
        self._busy.add(worker)
        answer = None
        try:
            async with asyncio.timeout(self._seconds):
                answer = await worker.run(task)
        except TimeoutError as error:
            # The file may be fine: a starved worker has not used its processor time.
            logger.warning("file_check.worker_replaced", reason="took too long")
            raise Overloaded("The check took too long. Retry after 1 s.") from error
        finally:
            self._busy.discard(worker)
            if answer is None or worker.tasks >= _MOST_TASKS:
                await worker.end()
            else:
                self._idle.append(worker)
        if answer is None:
            logger.warning("file_check.worker_replaced", reason="crashed")
            raise unreadable_image("its check did not end")
        return answer
