"""The order of the tests."""

from itertools import pairwise

import pytest

from tests.conftest import longest_seconds


def test_a_test_without_a_limit_of_its_own_comes_late(request: pytest.FixtureRequest) -> None:
    """After the next one, though the file has it first."""
    assert longest_seconds(request.node) == longest_seconds(request.session.items[-1]) == 0


@pytest.mark.timeout(121)
def test_a_test_that_may_take_longer_comes_earlier(request: pytest.FixtureRequest) -> None:
    limits = [longest_seconds(item) for item in request.session.items]

    assert all(before >= after for before, after in pairwise(limits))
