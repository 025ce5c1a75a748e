"""The application under the loop guard, as the instances of acceptance tests run it.

From the end of start-up on, a blocking call on the event loop raises, and so does not pass
unseen: it is written to the file that `LOOP_GUARD_FILE` names, together with every callback of
the loop that used more than 50 ms of its thread's CPU time. Needs `--loop asyncio`: the callbacks
of another loop do not run through `asyncio.Handle`.
"""

import asyncio
import gc
import os
import time
import traceback
from typing import Any

from blockbuster import blockbuster

from config.asgi import application as _application

MAX_CPU_SECONDS = 0.050
"""Of one callback, without the garbage that was collected meanwhile."""
MAX_GARBAGE_SECONDS = 0.100
"""Of the garbage collected during one callback. It depends on the memory of the whole process and
not on the callback, and `config/servers/garbage_collection.py` bounds it."""

_UNAVOIDABLE = (
    # redis-py reads its own version from the disk for every connection that it makes.
    ("redis/utils.py", "get_lib_version"),
    # Firestore's client looks for the files of a client certificate when it is made.
    ("google/auth/transport/mtls.py", "should_use_client_cert"),
)
"""Calls of libraries that nobody can keep them from making; none is made per message."""

_write = os.write  # before it is guarded itself
_file = os.open(os.environ["LOOP_GUARD_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


class _RecordedBlockingError(blockbuster.BlockingError):
    """Reported where it is raised: a handler that catches it may turn it into an answer."""

    def __init__(self, function: str) -> None:
        super().__init__(function)
        calls = traceback.extract_stack()[-10:-2]  # without this and the guard itself
        path = " < ".join(f"{call.filename}:{call.lineno} {call.name}" for call in reversed(calls))
        _report(f"blocking call {function}: {path}")


class _Garbage:
    """The CPU time of garbage collections, which interrupt any code."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since = 0.0
        gc.callbacks.append(self._count)

    def _count(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._since = time.thread_time()
        else:
            self.seconds += time.thread_time() - self._since


def watch() -> None:
    """From now on nothing may block."""
    _watch_calls()
    _watch_callbacks()


def _watch_calls() -> None:
    guard = blockbuster.BlockBuster()
    for function in guard.functions.values():
        for file, caller in _UNAVOIDABLE:
            function.can_block_in(file, caller)
    vars(blockbuster)["BlockingError"] = _RecordedBlockingError
    guard.activate()


def _watch_callbacks() -> None:
    handle_class: Any = asyncio.Handle
    run = handle_class._run  # noqa: SLF001 - asyncio has no public hook around a callback
    garbage = _Garbage()

    def measured_run(handle: Any) -> None:
        collected, before = garbage.seconds, time.thread_time()
        run(handle)
        garbage_seconds = garbage.seconds - collected
        used = time.thread_time() - before - garbage_seconds
        if used > MAX_CPU_SECONDS or garbage_seconds > MAX_GARBAGE_SECONDS:
            _report(
                f"{used * 1000:.0f} ms of CPU and {garbage_seconds * 1000:.0f} ms of garbage "
                f"collection: {_name(handle)}"
            )

    handle_class._run = measured_run  # noqa: SLF001


def _name(handle: Any) -> str:
    """Of a step of a task the task, which says whose code ran."""
    task = getattr(handle._callback, "__self__", None)  # noqa: SLF001
    return repr(task if isinstance(task, asyncio.Task) else handle)


def _report(line: str) -> None:
    _write(_file, f"{os.environ['INSTANCE_ID']}: {line}\n".encode())


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "lifespan":
        await _application(scope, receive, send)
        return

    async def send_and_watch(message: Any) -> None:
        await send(message)
        if message["type"] == "lifespan.startup.complete":
            watch()

    await _application(scope, receive, send_and_watch)
