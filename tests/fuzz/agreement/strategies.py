"""Random sequences of steps. Names that occur more than once are drawn more often."""

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from tests.fuzz.agreement.acts import ACTS
from tests.fuzz.agreement.interventions import INTERVENTIONS
from tests.fuzz.agreement.world import CLIENTS, NAMES, Step

_OFTEN = (
    *("send", "send", "send", "react", "react", "take back", "edit", "delete", "pin"),
    *("read", "archive", "add", "add", "remove"),
)
_COMING = tuple(name for name in CLIENTS if name != "check")

_group = st.fixed_dictionaries(
    {
        "kind": st.just("group"),
        "history": st.sampled_from(["full", "since_joining", "since_joining"]),
        "system_messages": st.booleans(),
    }
)
_direct = st.just({"kind": "direct"})
_step = st.tuples(
    st.sampled_from((*_OFTEN, *ACTS, *INTERVENTIONS, *_COMING)),
    st.sampled_from((NAMES[0], *NAMES)),
    st.integers(0, 99),
)
_alone = st.tuples(_step)
_at_once = st.lists(_step, min_size=2, max_size=3)
_check = st.just([("check", NAMES[0], 0)])

Plan = tuple[Mapping[str, object], Sequence[Sequence[Step]]]
"""How a conversation begins, and the steps, some of them at once."""


def sequences(*, shortest: int, longest: int) -> st.SearchStrategy[Plan]:
    steps = st.one_of(_alone, _alone, _at_once, _at_once, _check)
    return st.tuples(
        st.one_of(_group, _group, _group, _direct),
        st.lists(steps, min_size=shortest, max_size=longest),
    )
