"""Tunes CPython's garbage collector for long-lived objects.

A full collection scans every living object and stops the event loop meanwhile: some 80 ms for the
objects that Django and the libraries create at start, and as much again for every thousand sockets
(150 objects each). So long-lived objects are frozen (`gc.freeze`): those of the process at start,
and those of each sixty new sockets. A full collection then scans only newer objects, and those of a
socket are scanned once. By its own rule the collector would scan them three times while many people
connect, which took a fifth of a connect.

Frozen objects are freed as usual when nothing refers to them; only cycles remain. On uvicorn, a
socket that has ended leaves none; on daphne, it leaves autobahn's. When as many sockets have closed
as are open, everything is scanned once.

A version of CPython that collects in increments (3.14.0) has no other full collections.
"""

import gc

_MORE = 60
"""The number of new sockets that justifies it. They and the work under way have fewer objects than
the first threshold."""
_FEWEST_ENDED = 1_000
_THRESHOLDS = (10_000, 1, 0)


class _OpenSocket:
    """A context, which takes a third of the time of a generator."""

    __slots__ = ("_before", "_collecting")

    def __init__(self, collecting: "Collecting") -> None:
        self._collecting = collecting
        self._before = 0

    def __enter__(self) -> None:
        self._before = self._collecting.opened()

    def __exit__(self, *_: object) -> None:
        self._collecting.ended(self._before)


class Collecting:
    """Starts with `start`, for the whole process."""

    def __init__(self) -> None:
        self._started = False
        self._open = 0
        self._new = 0
        """The sockets since the latest freeze."""
        self._ended = 0
        """The sockets whose cycles may be among the frozen objects."""
        self._set_aside = 0
        """How often that was done."""

    def start(self) -> None:
        """Freeze the present objects.

        A collection of young objects costs for each that lives. Hundreds of requests and sends at
        once have thousands, most of which are freed a moment later without the collector, so it
        looks for cycles after every 10,000, not 700. A full collection comes after three others,
        not a hundred: it stops the loop more often, and for less long.
        """
        self._started = True
        gc.freeze()  # the few cycles among them are not worth a full collection
        gc.set_threshold(*_THRESHOLDS)
        gc.callbacks.append(self._collected)

    def stop(self) -> None:
        self._started = False
        gc.callbacks.remove(self._collected)
        gc.unfreeze()

    def socket(self) -> "_OpenSocket":
        """Return a context to enter while a socket is open."""
        return _OpenSocket(self)

    def opened(self) -> int:
        """Count one more socket, and return how often objects were set aside before it."""
        self._open += 1
        self._new += 1
        if self._started and self._new >= _MORE:
            gc.collect()
        return self._set_aside

    def ended(self, before: int) -> None:
        """Count one socket less, for which `opened` returned this number."""
        self._open -= 1
        self._ended += self._set_aside > before

    def _collected(self, phase: str, info: dict[str, int]) -> None:
        """Handle the end of a collection. After a full collection only living objects are left."""
        if phase != "stop" or info["generation"] != 2:
            return
        if self._ended > max(self._open, _FEWEST_ENDED):
            gc.unfreeze()  # for the next full collection, after which all living objects are frozen
            self._ended = 0
            self._new = _MORE
        elif self._new >= _MORE:
            gc.freeze()
            self._set_aside += 1
            self._new = 0
