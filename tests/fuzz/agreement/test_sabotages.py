"""The proof notices: with any one rule of the product broken, a client differs from what is
fetched, or a door shows what is hidden."""

from collections.abc import Sequence

import pytest

from tests.fuzz.agreement.sabotages import SABOTAGES, sabotaged
from tests.fuzz.agreement.sites import Site
from tests.fuzz.agreement.world import Step, World

_CHECK = [("check", "ann", 0)]
_GROUP = {"kind": "group", "history": "since_joining", "system_messages": False}
SCRIPT: Sequence[Sequence[Step]] = (
    # Everybody reacts, and one person takes their reaction back. The summary names one of them.
    *([("send", "ann", 2)], [("react", "ann", 0)], [("react", "bob", 0)], [("react", "cid", 0)]),
    *(_CHECK, [("take back", "cid", 0)], _CHECK, [("react", "cid", 0)]),
    # Cid is away while a message is pinned and edited, and others are sent, one with files.
    *([("go", "cid", 0)], [("share", "ann", 1)], [("pin", "ann", 1)], [("send", "bob", 2)]),
    *([("delete", "bob", 0)], [("edit", "ann", 2)], [("come", "cid", 1)], _CHECK),
    # Bob archives the conversation; Cid marks a message, and reads it. Then Bob is mentioned.
    *([("archive", "bob", 0)], [("mark", "cid", 1)], _CHECK, [("read", "cid", 2)]),
    *([("send", "ann", 1)], _CHECK),
    # Bob is removed, added again, and may not see what was sent before.
    *([("remove", "ann", 0)], [("send", "ann", 8)], [("add", "ann", 0)], [("edit", "ann", 0)]),
    *([("react", "ann", 3)], [("unpin", "ann", 4)], _CHECK, [("rename", "ann", 1)], _CHECK),
    # Cid, whom the summary of a reaction names, is erased, and comes back.
    *([("send", "bob", 2)], [("react", "cid", 0)], [("send", "cid", 2)], _CHECK),
    *([("erase", "ann", 2)], _CHECK, [("add", "ann", 1)], [("come", "cid", 0)], _CHECK),
)


async def test_nothing_is_found_where_nothing_is_broken(sites: Sequence[Site]) -> None:
    await World(sites).play(_GROUP, SCRIPT)


@pytest.mark.fuzz
@pytest.mark.parametrize("sabotage", SABOTAGES)
async def test_is_noticed(sites: Sequence[Site], sabotage: str) -> None:
    """Two seconds are enough for an event that comes at all."""
    with sabotaged(sabotage), pytest.raises(AssertionError) as found:
        await World(sites, patience=2).play(_GROUP, SCRIPT)
    print(f"{sabotage}: {str(found.value)[:200]}")
