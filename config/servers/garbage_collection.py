"""The garbage collector of CPython, told what stays.

A full collection walks through everything that lives and stops the event loop meanwhile: some
80 ms for what Django and the libraries made at start, and as much again for every thousand sockets
(150 objects each). So what stays is set aside (`gc.freeze`), the process' own at start and those
of the sockets once there are more of them, and a full collection has only to do with what came
since. What is set aside goes as always when nothing refers to it any more; only a cycle stays. A
socket that ends leaves some, the server's own. When as many have ended as there are, everything is
walked through once.

This rests on full collections that come by themselves. Where a version of CPython collects in
increments (3.14.0) there are none, and none that stops the loop for long: it does nothing there.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_MORE = 100
"""Sockets for which it is worth it."""
_FEWEST_ENDED = 1_000


class Collecting:
    """Takes effect with `start`, for the process."""

    def __init__(self) -> None:
        self._open = 0
        self._new = 0
        """Sockets since something was last set aside."""
        self._ended = 0
        """Sockets whose cycles may be among what is set aside."""
        self._set_aside = 0
        """How often that was done."""

    def start(self) -> None:
        """What there is by now stays.

        Every request leaves cycles (Django's and DRF's own). With these thresholds they are
        collected earlier: that stops the loop more often and for half as long, 16 ms at most
        where it was 33 (a busy channel, CPython 3.11).
        """
        gc.collect()
        gc.freeze()
        gc.set_threshold(700, 10, 2)
        gc.callbacks.append(self._collected)

    def stop(self) -> None:
        gc.callbacks.remove(self._collected)
        gc.unfreeze()

    @contextmanager
    def socket(self) -> Iterator[None]:
        """To be entered for as long as a socket is open."""
        self._open += 1
        self._new += 1
        before = self._set_aside
        try:
            yield
        finally:
            self._open -= 1
            self._ended += self._set_aside > before

    def _collected(self, phase: str, info: dict[str, int]) -> None:
        """Called by the collector. After a full collection nothing is left but what lives."""
        if phase != "stop" or info["generation"] != 2:
            return
        if self._ended > max(self._open, _FEWEST_ENDED):
            gc.unfreeze()  # for the next full collection, after which all that lives is set aside
            self._ended = 0
            self._new = _MORE
        elif self._new >= _MORE:
            gc.freeze()
            self._set_aside += 1
            self._new = 0
