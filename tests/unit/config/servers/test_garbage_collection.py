"""What stays is set aside from the garbage collector, and what ends does not stay for ever."""

import gc
import sys
import weakref
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from config.servers.garbage_collection import Collecting


class Knot:
    """Something in a cycle: only the collector takes it away."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collecting() -> Iterator[Collecting]:
    """The only one: where the application was imported there is another, and much set aside."""
    thresholds, callbacks, frozen = gc.get_threshold(), gc.callbacks[:], gc.get_freeze_count()
    gc.callbacks.clear()
    collecting = Collecting()
    collecting.start()
    yield collecting
    collecting.stop()
    gc.set_threshold(*thresholds)
    gc.callbacks[:] = callbacks
    assert gc.get_freeze_count() == 0
    if frozen:
        gc.freeze()


def test_a_burst_of_young_objects_is_not_collected(collecting: Collecting) -> None:
    """Such as those of fifty sends at once, which are freed a moment later."""
    gc.collect()
    before = gc.get_stats()[0]["collections"]
    burst = [[number] for number in range(2_000)]
    assert gc.get_stats()[0]["collections"] == before
    del burst


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


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="collects in increments")
def test_it_needs_no_call(collecting: Collecting) -> None:
    """A full collection comes by itself, with what is made."""
    gc.collect()  # the next one comes when there is a quarter more than now
    before, knots = gc.get_freeze_count(), []
    full = gc.get_stats()[2]["collections"]
    with ExitStack() as sockets:
        for _ in range(100):
            sockets.enter_context(collecting.socket())
        while gc.get_stats()[2]["collections"] == full:
            knots += [Knot() for _ in range(1_000)]
            assert len(knots) <= 1_000_000, "No full collection came."
        assert gc.get_freeze_count() >= before + 1_000


def test_who_only_knocks_is_not_counted(collecting: Collecting) -> None:
    """A socket that ends before anything was set aside leaves nothing there."""
    with ExitStack() as sockets:
        for _ in range(100):
            sockets.enter_context(collecting.socket())
        knot = Knot()
        gc.collect()
        gone = weakref.ref(knot)
        del knot
        for _ in range(5_000):
            with collecting.socket():
                pass
        gc.collect()
        gc.collect()
        assert gone() is not None


@pytest.mark.parametrize("opened", [1_100, 3_000])
def test_cycles_of_ended_sockets_go_in_the_end(collecting: Collecting, opened: int) -> None:
    """When more have ended than there are, and more than a thousand, in two collections; until then
    they stay."""
    sockets = ExitStack()
    with sockets:
        for _ in range(opened):
            sockets.enter_context(collecting.socket())
        knot = Knot()
        gc.collect()
        gone = weakref.ref(knot)
        del knot

        gc.collect()
        gc.collect()
        assert gone() is not None

    gc.collect()
    gc.collect()
    assert gone() is None
    frozen = gc.get_freeze_count()
    assert frozen > 0  # what was set aside at start is so again
