"""What stays is set aside from the garbage collector, and what ends does not stay for ever."""

import gc
import weakref
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from config.collecting import Collecting


class Knot:
    """Something in a cycle: only the collector takes it away."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collecting() -> Iterator[Collecting]:
    thresholds = gc.get_threshold()
    collecting = Collecting()
    collecting.start()
    yield collecting
    collecting.stop()
    gc.set_threshold(*thresholds)
    assert gc.get_freeze_count() == 0


def test_many_sockets_are_set_aside(collecting: Collecting) -> None:
    """A hundred of them, at the next full collection; what a few bring stays where it is."""
    with ExitStack() as sockets:
        for _ in range(99):
            sockets.enter_context(collecting.socket())
        before = gc.get_freeze_count()
        knots = [Knot() for _ in range(1_000)]
        gc.collect()
        assert gc.get_freeze_count() <= before

        sockets.enter_context(collecting.socket())
        gc.collect()
        assert gc.get_freeze_count() >= before + len(knots)


@pytest.mark.parametrize("opened", [1_000, 3_000])
def test_cycles_of_ended_sockets_go_in_the_end(collecting: Collecting, opened: int) -> None:
    """When as many have ended as there are, and more than a thousand, in two collections; until
    then they stay."""
    sockets = ExitStack()
    with sockets:
        for _ in range(opened):
            sockets.enter_context(collecting.socket())
        knot = Knot()
        gc.collect()
        gone = weakref.ref(knot)
        del knot

        for _ in range(max(opened, 1_000)):
            with collecting.socket():
                pass
        gc.collect()
        gc.collect()
        assert gone() is not None

    gc.collect()
    gc.collect()
    assert gone() is None
    frozen = gc.get_freeze_count()
    assert frozen > 0  # what was set aside at start is so again
