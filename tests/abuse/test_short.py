"""Each attack is refused, costs little memory, is logged in few lines, and fails nobody else."""

from collections.abc import Mapping

import pytest

from tests.abuse.attack import Attack, all_attacks
from tests.abuse.judging import wrongs
from tests.abuse.matrix import SERVERS
from tests.abuse.stand import Stand
from tests.abuse.trial import Trial, accounts_of, run_trial
from tests.benchmarks.children import Child

_SECONDS = 0.5
_BELOW_THE_APPLICATION = {"frames", "handshakes", "sizes"}
"""Files of what the servers do differently; all else is tried on uvicorn alone."""

STILL_OPEN: Mapping[str, str] = {
    "a frame of mistakes": "each mistake costs",
    "a list of mistaken additions": "each mistake costs",
    "a list of mistaken mentions": "each mistake costs",
    "a list of mistakes": "each mistake costs",
    "a long query": "500",
    "a sync of mistakes": "each mistake costs",
    "empty fragments": "not counted",
    "frames of unknown fields": "each mistake costs",
    "groups of many": "no limit of a day",
    "huge bodies": "a 500 on uvicorn",
    "paths that do not exist": "they wait for the one thread",
    "query parameters": "500",
    "syncs of a hundred": "each takes long",
    "unknown fields": "each mistake is described",
}
"""What is known to succeed, and why."""


_CASES = [
    (server, attack)
    for server in SERVERS
    for attack in all_attacks().values()
    if server == "uvicorn" or attack.kind in _BELOW_THE_APPLICATION
]


@pytest.mark.parametrize(
    ("place", "attack"),
    _CASES,
    indirect=["place"],
    ids=[f"{server} {attack.name}" for server, attack in _CASES],
)
def test_an_attack_comes_to_nothing(attack: Attack, place: Stand, attackers: Child) -> None:
    """Without a look at the clock."""
    if attack.name in STILL_OPEN:
        pytest.xfail(STILL_OPEN[attack.name])
    trial = Trial(
        attack=attack, server=place.server, store="sqlite", accounts=accounts_of(attack)[0]
    )

    run_trial(trial, place, attackers, rounds=1, seconds=_SECONDS, timed=False)

    assert not list(wrongs(trial))
