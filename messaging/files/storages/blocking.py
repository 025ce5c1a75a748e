"""Blocking calls of a storage: in threads of its own, with a deadline."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import structlog

from messaging.files.storage import FileMissing, FilesUnavailable
from messaging.instruments.metrics import FILES_UNAVAILABLE

logger = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 8
_MOST_WAITING = 256
"""Beyond that a call is refused at once: it would not be answered in time anyway."""


class BlockingCalls:
    """Runs calls of one storage. A call that takes too long is given up; its thread ends with the
    timeouts of the vendor's client."""

    def __init__(self, storage: str, *, faults: tuple[type[Exception], ...], seconds: float):
        """Create the calls. `faults` are the exceptions that say that the storage is unavailable,
        and `seconds` is the deadline of a call."""
        self._storage = storage
        self._faults = faults
        self._seconds = seconds
        self._pool: ThreadPoolExecutor | None = None
        self._waiting = 0

    async def run(
        self, operation: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what `work` returns. Raises FileMissing, FilesUnavailable."""
        if self._waiting >= _MOST_WAITING:
            raise self._unavailable(operation, "too many calls wait")
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix=f"files-{self._storage}")
        call = self._pool.submit(work, *args, **kwargs)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.wrap_future(call)
        except TimeoutError as error:
            raise self._unavailable(operation, "no answer in time") from error
        except FileMissing:
            raise
        except self._faults as error:
            raise self._unavailable(operation, f"{type(error).__name__}: {error}") from error
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Start no more calls. A running one ends by its own timeouts: nobody waits for it."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _unavailable(self, operation: str, reason: str) -> FilesUnavailable:
        FILES_UNAVAILABLE.labels(operation).inc()
        logger.warning(
            "files.unavailable", storage=self._storage, operation=operation, reason=reason[:500]
        )
        return FilesUnavailable()
