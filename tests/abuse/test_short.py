"""Each attack is refused, costs little memory, is logged in few lines, and fails nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.abuse.attack import Attack, all_attacks
from tests.abuse.judging import wrongs
from tests.abuse.matrix import SERVERS
from tests.abuse.stand import stand
from tests.abuse.trial import Trial, accounts_of, run_trial
from tests.benchmarks.children import children

_SECONDS = 0.23
"""In which each bystander sends once and asks once."""
_BELOW_THE_APPLICATION = {"frames", "handshakes", "sizes"}
"""Files of what the servers do differently; all else is tried on uvicorn alone."""
_TAKES_LONG = {"connections that get no further"}
"""Ten seconds and more until the first one ends, for which `test_slow_requests_end` waits."""


def _tried_on(server: str) -> Iterator[Attack]:
    for attack in all_attacks().values():
        below = attack.kind in _BELOW_THE_APPLICATION
        if (server == "uvicorn" or below) and attack.name not in _TAKES_LONG:
            yield attack


@pytest.mark.timeout(400)
@pytest.mark.parametrize("server", SERVERS)
def test_every_attack_comes_to_nothing(
    server: str, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """On one server after the other attack, without a look at the clock."""
    with (
        stand(server, {}, tmp_path, core=None) as place,
        children(1, module="tests.abuse.attacker") as (attackers,),
    ):
        for attack in _tried_on(server):
            with subtests.test(attack.name):
                trial = Trial(
                    attack=attack, server=server, store="sqlite", accounts=accounts_of(attack)[0]
                )

                run_trial(
                    trial,
                    place,
                    attackers,
                    rounds=1,
                    seconds=_SECONDS,
                    timed=False,
                    # Where something is lawful, as much has to come first.
                    patient=attack.lawful == 0,
                )

                assert not list(wrongs(trial))
        assert place.alive
