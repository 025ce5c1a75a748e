"""A pool of threads that each keep a database connection.

It starts a thread when work waits and no thread is idle. The thread that was idle for the shortest
time gets the next job, and a thread that was idle for a minute ends. So an installation holds only
the connections that it uses, also if a little work comes all the time. Reads and writes each have a
share: neither takes all connections, however many wait.
"""

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Job = TypeVar("Job")

IDLE_SECONDS = 60.0
_NO_GROWTH_SECONDS = 1.0
_RETRY_SECONDS = 0.1


class NoConnection(Exception):
    """The database has no free connection at the moment. The job did not begin."""


class Pool(Generic[Job]):
    def __init__(
        self,
        name: str,
        *,
        most: int,
        serve: Callable[[Job], Callable[[], None]],
        leave: Callable[[], None],
        share: int | None = None,
        idle_seconds: float | None = None,
    ) -> None:
        """Create a pool of at most `most` threads.

        `share` is the number of them that reads, and that writes, may use at once; by default all.
        `serve` runs a job, returns a function that reports its end to the waiting caller, and
        raises only NoConnection. `leave` is called in a thread that ends.
        """
        self._name = name
        self._most = most
        self._share = share or most
        self._serve = serve
        self._leave = leave
        self._idle_seconds = IDLE_SECONDS if idle_seconds is None else idle_seconds
        self._lock = threading.Lock()
        self._sleeping: list[threading.Condition] = []
        """Of each thread without a job. The last one has slept for the shortest time."""
        self._numbers = itertools.count()
        self._waiting: dict[bool, deque[tuple[int, Job]]] = {False: deque(), True: deque()}
        self._running = {False: 0, True: 0}
        self._idle = 0
        """Threads that are looking for a job, or are about to."""
        self._threads: set[threading.Thread] = set()
        self._no_growth_until = 0.0
        self._closed = False

    @property
    def threads(self) -> int:
        """Return the number of threads."""
        return len(self._threads)

    def submit(self, job: Job, *, writes: bool) -> None:
        with self._lock:
            self._waiting[writes].append((next(self._numbers), job))
            self._grow()
            self._wake_one()

    def close(self) -> None:
        """Wait until the threads have ended; waiting jobs run first."""
        with self._lock:
            self._closed = True
            while self._sleeping:
                self._wake_one()
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _grow(self) -> None:
        if self._idle >= sum(map(len, self._waiting.values())) or len(self._threads) >= self._most:
            return
        if self._threads and time.monotonic() < self._no_growth_until:
            return
        thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._threads.add(thread)
        self._idle += 1
        thread.start()

    def _wake_one(self) -> None:
        if self._sleeping:
            self._sleeping.pop().notify()

    def _run(self) -> None:
        woken = threading.Condition(self._lock)
        try:
            while (taken := self._take(woken)) is not None:
                writes, number, job = taken
                try:
                    tell = self._serve(job)
                except NoConnection:
                    if self._put_back(writes, number, job):
                        return
                else:
                    # Before the caller is informed: the next job may follow at once, and needs no
                    # new thread.
                    with self._lock:
                        self._running[writes] -= 1
                        self._idle += 1
                    tell()
                    del tell
                del taken, job  # with everything that it has read
        finally:
            self._leave()

    def _take(self, woken: threading.Condition) -> tuple[bool, int, Job] | None:
        """Return the job that has waited longest among those that may run, or None to end. `woken`
        is the thread's own."""
        with self._lock:
            self._idle -= 1
            while True:
                kinds = [
                    writes
                    for writes, jobs in self._waiting.items()
                    if jobs and self._running[writes] < self._share
                ]
                if kinds:
                    writes = min(kinds, key=lambda kind: self._waiting[kind][0][0])
                    self._running[writes] += 1
                    return writes, *self._waiting[writes].popleft()
                if self._closed:
                    self._threads.discard(threading.current_thread())
                    return None
                self._idle += 1
                self._sleeping.append(woken)
                woken.wait(self._idle_seconds)
                self._idle -= 1
                timed_out = woken in self._sleeping
                if timed_out:
                    self._sleeping.remove(woken)
                if timed_out and not any(self._waiting.values()):
                    self._threads.discard(threading.current_thread())
                    return None

    def _put_back(self, writes: bool, number: int, job: Job) -> bool:
        """Return a job to the queue for a thread with a connection, and return whether this thread
        ends. The last thread stays and retries."""
        with self._lock:
            self._running[writes] -= 1
            self._waiting[writes].appendleft((number, job))
            self._no_growth_until = time.monotonic() + _NO_GROWTH_SECONDS
            if len(self._threads) > 1:
                self._threads.discard(threading.current_thread())
                self._wake_one()
                return True
            self._idle += 1
        time.sleep(_RETRY_SECONDS)
        return False
