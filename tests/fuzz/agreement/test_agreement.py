"""Applying every event leads to the state that is fetched, whatever people do, on every store."""

import os
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.agreement.sites import Site
from tests.fuzz.agreement.strategies import Plan, sequences
from tests.fuzz.agreement.world import World, all_of

_TOGETHER = 5
"""The sequences that share one wait for late events, each with a conversation of its own."""

_SEQUENCES = int(os.environ.get("SEQUENCES", "1000"))
"""Of the long form on each store."""

# The product draws random numbers in threads while Hypothesis draws a sequence.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
)
_bounds = settings(
    deadline=None,
    suppress_health_check=[
        *(HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)
    ],
)
on_each_store = pytest.mark.parametrize("store_settings", ["sqlite", "firestore"], indirect=True)


async def _try(sites: Sequence[Site], some: Sequence[Plan]) -> None:
    await all_of([World(sites).play(settings, steps) for settings, steps in some])


@pytest.mark.timeout(300)
@on_each_store
@settings(
    _bounds,
    max_examples=10,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # `make fuzz` shrinks
)
@given(some=st.lists(sequences(shortest=3, longest=6), min_size=_TOGETHER, max_size=_TOGETHER))
async def test_applying_is_fetching(sites: Sequence[Site], some: Sequence[Plan]) -> None:
    """In short: fifty sequences on each store."""
    await _try(sites, some)


long_forms = st.lists(sequences(shortest=10, longest=30), min_size=_TOGETHER, max_size=_TOGETHER)


@pytest.mark.fuzz
@on_each_store
@settings(_bounds, max_examples=_SEQUENCES // _TOGETHER)
@given(some=long_forms)
async def test_applying_is_fetching_at_length(sites: Sequence[Site], some: Sequence[Plan]) -> None:
    """A thousand sequences on each store, unless SEQUENCES says otherwise."""
    await _try(sites, some)


@pytest.mark.fuzz
@pytest.mark.parametrize("store_settings", ["postgresql"], indirect=True)
@settings(_bounds, max_examples=_SEQUENCES // _TOGETHER // 5)
@given(some=long_forms)
async def test_applying_is_fetching_on_postgresql(
    sites: Sequence[Site], some: Sequence[Plan]
) -> None:
    """A fifth as many: its rules are those of SQLite, only its statements differ."""
    await _try(sites, some)
