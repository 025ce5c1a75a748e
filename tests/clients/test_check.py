"""The checking suite passes a client that keeps the rules, and notices one that does not."""

import sys
from collections.abc import Sequence

import pytest

from tests.clients.adapter import FAULTS
from tests.clients.checking.runner import Outcome, check, play
from tests.clients.checking.scenarios import Scenario, scenarios
from tests.clients.checking.stage import PATIENCE_SECONDS, Stage


def ours(*arguments: str) -> Sequence[str]:
    return [sys.executable, "-m", "tests.clients.adapter", *arguments]


def named(name: str) -> Scenario:
    (found,) = (one for one in scenarios() if one.name == name)
    return found


def mistakes(outcomes: Sequence[Outcome]) -> list[str]:
    return [f"{one.scenario.name}: {one.mistake}" for one in outcomes if one.mistake is not None]


async def test_our_own_client_keeps_the_rules() -> None:
    """The short form: on one instance, in seconds."""
    outcomes = await check(ours(), [one for one in scenarios() if one.short])

    assert mistakes(outcomes) == []


@pytest.mark.chaos
async def test_our_own_client_keeps_all_rules() -> None:
    """The long form: two instances, with everything that takes a while."""
    assert mistakes(await check(ours(), scenarios())) == []


_NOTICED_BY = {
    "ignores-holes": "a-hole",
    "doubles-on-retry": "a-lost-answer",
    "keeps-ghosts": "removed-and-added",
    "reconnects-always": "codes-from-4500-on",
}


@pytest.mark.parametrize(
    "faults",
    [
        ["ignores-holes", "doubles-on-retry"],
        pytest.param(["keeps-ghosts", "reconnects-always"], marks=pytest.mark.chaos),
    ],
    ids=["short", "long"],
)
async def test_clients_that_break_a_rule_are_noticed(faults: list[str]) -> None:
    """Each by the scenario of that rule."""
    async with Stage(ours(), instances=1) as stage:
        for fault in faults:
            name = _NOTICED_BY[fault]
            stage.command = ours("--break", fault)
            stage.patience = PATIENCE_SECONDS
            await stage.restart_subject()
            stage.patience = 5  # it never comes right

            assert (await play(stage, named(name))).mistake is not None, fault


def test_every_fault_has_its_scenario() -> None:
    assert _NOTICED_BY.keys() == set(FAULTS)


def test_every_scenario_says_its_rule() -> None:
    """And has a name of its own."""
    assert all(one.rule for one in scenarios())
    assert len({one.name for one in scenarios()}) == len(scenarios())
