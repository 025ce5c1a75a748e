"""What must hold of an attack. Timing is judged in the full form alone."""

from collections.abc import Iterator
from itertools import islice

from tests.abuse.trial import KINDS, TWENTY, Trial

GROWTH_BYTES = 300 * 1024**2
LOGGED_PER_SECOND = 10
RATIO_OF_ONE = 2.0
"""The bystanders' p99, of that on a quiet server: for a stranger and for one account."""
RATIO_OF_TWENTY = 1.3
"""Of that beside the same twenty accounts at their lawful maximum."""
_SHOWN = 3


def wrongs(trial: Trial) -> Iterator[str]:
    """What did not hold, in words; nothing of time."""
    attack, tally = trial.attack, trial.tally
    if not tally.sent:
        yield "the attack sent nothing"
    too_few = tally.outcomes.total() < attack.lawful * max(trial.accounts, 1)
    if not too_few and not attack.was_refused(tally):
        yield (
            f"no clear refusal ({', '.join(sorted(attack.refusals))}); "
            f"seen: {dict(tally.outcomes.most_common(5))}"
        )
    for outcome in tally.outcomes:
        if outcome.startswith("500") or outcome in {"error internal_error", "close 1011"}:
            yield f"a fault of ours: {outcome}, {tally.outcomes[outcome]} times"
    if tally.largest > attack.answer_bytes:
        yield f"an answer of {tally.largest:,} bytes; the limit is {attack.answer_bytes:,}"
    if trial.failures:
        yield (
            f"{len(trial.failures)} of the bystanders' requests failed: "
            f"{list(islice(trial.failures, _SHOWN))}"
        )
    if trial.grown_bytes > GROWTH_BYTES:
        yield f"memory grew by {trial.grown_bytes / 1024**2:.0f} MB"
    if trial.logged_per_second > LOGGED_PER_SECOND:
        yield (
            f"{trial.logged_per_second:.1f} log lines a second, "
            f"such as {list(islice(trial.log_lines, _SHOWN))}"
        )


def slow(trial: Trial, clock: str) -> Iterator[str]:
    """Where the bystanders were slowed down by more than is allowed, by this clock."""
    limit = RATIO_OF_TWENTY if trial.accounts == TWENTY else RATIO_OF_ONE
    for kind in KINDS:
        before, during = (
            trial.p99(kind, attacked=attacked, clock=clock) for attacked in (False, True)
        )
        if during > limit * before:
            yield (
                f"p99 of {kind} ({clock}): {before:.1f} ms before, {during:.1f} ms under attack: "
                f"{during / before:.2f} times; the limit is {limit:g}"
            )
