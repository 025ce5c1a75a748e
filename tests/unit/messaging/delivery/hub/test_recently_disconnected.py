"""Lists of people who disconnected a moment ago."""

import weakref

import pytest

from messaging.delivery.hub import recently_disconnected
from messaging.delivery.hub.recently_disconnected import RecentlyDisconnected
from tests.moments import lapse

_TEA = frozenset({"tea"})


class Ids(frozenset[str]):
    """A list that a weak reference may refer to."""


def test_a_person_who_comes_back_soon_gets_their_list_once() -> None:
    lists = RecentlyDisconnected()
    lists.remember("ann", _TEA)

    assert (lists.pop("ann"), lists.pop("ann")) == (_TEA, None)


async def test_a_list_that_nobody_comes_back_for_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """People come back to another instance, or never: their lists would fill the memory."""
    monkeypatch.setattr(recently_disconnected, "_SECONDS", 0.05)
    lists, of_ann = RecentlyDisconnected(), Ids({"tea"})
    gone = weakref.ref(of_ann)
    lists.remember("ann", of_ann)
    del of_ann
    await lapse(0.1)

    lists.remember("bob", _TEA)

    assert gone() is None
    assert lists.pop("bob") == _TEA


def test_the_lists_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recently_disconnected, "_MAX_USERS", 2)
    lists = RecentlyDisconnected()
    for user_id in ("ann", "bob", "cid"):
        lists.remember(user_id, _TEA)

    assert [lists.pop(user_id) for user_id in ("ann", "bob", "cid")] == [None, _TEA, _TEA]
