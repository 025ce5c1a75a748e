"""Play the scenarios with one client, and say what it did wrong."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.clients.checking.scenarios import Scenario
from tests.clients.checking.stage import Stage
from tests.clients.checking.subject import Mistake


@dataclass(frozen=True, slots=True)
class Outcome:
    scenario: Scenario
    mistake: str | None
    """None where the client kept the rule."""
    seconds: float


async def check(
    command: Sequence[str], scenarios: Sequence[Scenario], *, aloud: bool = False
) -> Sequence[Outcome]:
    """Play these scenarios, one after the other; `aloud` prints each as it is over. After a mistake
    the client is started anew, so that the next scenario does not suffer from it. Raises Mistake
    where the client cannot even connect."""
    outcomes = []
    instances = 1 if all(scenario.short for scenario in scenarios) else 2
    async with Stage(command, instances=instances) as stage:
        for scenario in scenarios:
            outcome = await play(stage, scenario)
            outcomes.append(outcome)
            if aloud:
                print(described(outcome), flush=True)
            if outcome.mistake is not None and scenario is not scenarios[-1]:
                await stage.restart_subject()
    return outcomes


async def play(stage: Stage, scenario: Scenario) -> Outcome:
    """Play one scenario on a stage whose client is connected."""
    begun = time.monotonic()
    mistake = None
    try:
        await scenario.play(stage)
    except Mistake as made:
        mistake = str(made)
    finally:
        stage.wire.mend()
        await stage.leave_groups()
    return Outcome(scenario, mistake, time.monotonic() - begun)


def described(outcome: Outcome) -> str:
    """For people: the scenario, and after a mistake the rule and what was seen."""
    line = f"{outcome.scenario.name} ({outcome.seconds:.1f} s)"
    if outcome.mistake is None:
        return f"kept    {line}"
    return f"BROKEN  {line}\n  Rule: {outcome.scenario.rule}\n  {outcome.mistake}"


def run(command: Sequence[str], scenarios: Sequence[Scenario]) -> bool:
    """Check a client aloud; whether it kept all rules."""
    outcomes = asyncio.run(check(command, scenarios, aloud=True))
    broken = [outcome for outcome in outcomes if outcome.mistake is not None]
    print(f"{len(outcomes) - len(broken)} of {len(outcomes)} rules are kept.")
    return not broken
