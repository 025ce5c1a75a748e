"""Ten thousand hostile messages on the channels of a real Redis, with signatures and without."""

import asyncio
import os
import random

import pytest

from messaging.delivery.link.signing import Mode, Signing
from tests.links import hurry, two_sides
from tests.siege import Siege, lines_of

_KEY = "k" * 32
_MESSAGES = 10_000


@pytest.mark.fuzz
@pytest.mark.parametrize("mode", list(Mode), ids=str)
async def test_ten_thousand_hostile_messages_change_nothing(
    redis_server: str,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    mode: Mode,
) -> None:
    """Others each time; LINK_SEED=… repeats those of an earlier run."""
    seed = int(os.environ.get("LINK_SEED") or random.SystemRandom().randrange(2**32))
    print(f"{mode}: LINK_SEED={seed}")
    hurry(monkeypatch)
    async with two_sides(redis_server, signing=lambda: Signing(mode, [_KEY])) as (here, there):
        siege = Siege(here, there, mode=mode)
        await siege.begin()
        began = asyncio.get_running_loop().time()
        await siege.endure(_MESSAGES, seed=seed)
        seconds = asyncio.get_running_loop().time() - began

        lines = lines_of(caplog)
        print(f"{_MESSAGES} messages in {seconds:.1f} s, {len(lines)} lines")
        assert 0 < len(lines) <= 2 * (seconds + 1), lines  # of two instances
        await siege.assert_nothing_changed()
        await siege.assert_all_goes_on()
