"""People of whom a read found no device, by clocks that may be set."""

from messaging.notifications.devices.known_without import KnownWithout, Moment

_NOON = 1_000_000.0


def test_a_read_decides_about_the_messages_before_it() -> None:
    known = KnownWithout()
    known.add(["bob"], read_at=Moment(_NOON, 500.0))
    now = Moment(_NOON + 3, 503.0)

    assert known.among(["bob", "cid"], made_at=_NOON - 5, now=now) == {"bob"}
    assert known.among(["bob"], made_at=_NOON - 1, now=now) == set()
    assert known.among(["bob"], made_at=_NOON + 1, now=now) == set()


def test_a_clock_that_is_set_back_makes_no_read_later() -> None:
    """An hour later the person may have a device."""
    known = KnownWithout()
    known.add(["bob"], read_at=Moment(_NOON, 500.0))
    set_back = Moment(_NOON - 1_800, 2_300.0)

    assert known.among(["bob"], made_at=_NOON - 1_808, now=set_back) == set()


def test_a_clock_that_is_set_forward_makes_no_read_later() -> None:
    known = KnownWithout()
    known.add(["bob"], read_at=Moment(_NOON, 500.0))
    set_forward = Moment(_NOON + 3_600, 508.0)

    assert known.among(["bob"], made_at=_NOON + 3_000, now=set_forward) == set()
