"""What stays is set aside from the garbage collector, and what ends does not stay for ever."""

import gc
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
    burst = [[number] for number in range(8_000)]
    assert gc.get_stats()[0]["collections"] == before
    del burst


def test_many_sockets_are_set_aside(collecting: Collecting) -> None:
    """Sixty of them, as soon as they are open; what a few bring stays where it is."""
    with ExitStack() as sockets:
        for _ in range(59):
            sockets.enter_context(collecting.socket())
        before = gc.get_freeze_count()
        knots = [Knot() for _ in range(1_000)]
        gc.collect()
        assert gc.get_freeze_count() <= before

        sockets.enter_context(collecting.socket())
        assert gc.get_freeze_count() >= before + len(knots)


def test_many_connects_scan_what_is_new_once(collecting: Collecting) -> None:
    """Each sixty sockets bring one full collection, and no other."""
    collections = [one["collections"] for one in gc.get_stats()]
    kept: list[Knot] = []
    with ExitStack() as sockets:
        for _ in range(600):
            sockets.enter_context(collecting.socket())
            kept += [Knot() for _ in range(50)]
        after = [one["collections"] for one in gc.get_stats()]
    assert [now - then for now, then in zip(after, collections, strict=True)] == [0, 0, 10]


def test_garbage_is_not_set_aside(collecting: Collecting) -> None:
    with ExitStack() as sockets:
        for _ in range(59):
            sockets.enter_context(collecting.socket())
        gone = weakref.ref(Knot())
        assert gone() is not None
        sockets.enter_context(collecting.socket())
        assert gone() is None


def test_who_only_knocks_is_not_counted(collecting: Collecting) -> None:
    """A socket that ends before anything was set aside leaves nothing there."""
    with ExitStack() as sockets:
        knot = Knot()
        for _ in range(60):
            sockets.enter_context(collecting.socket())
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
        knot = Knot()
        for _ in range(opened):
            sockets.enter_context(collecting.socket())
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
