"""The order of the tests."""

from itertools import pairwise

import pytest

from tests.conftest import longest_seconds, parts


def test_a_test_without_a_limit_of_its_own_comes_late(request: pytest.FixtureRequest) -> None:
    """After the next one, though the file has it first."""
    assert longest_seconds(request.node) == longest_seconds(request.session.items[-1]) == 0


@pytest.mark.timeout(121)
def test_a_test_that_may_take_longer_comes_earlier(request: pytest.FixtureRequest) -> None:
    processes = getattr(request.config, "workerinput", {}).get("workercount", 1)
    limits = [longest_seconds(item) for item in request.session.items]

    assert limits[0] >= 121
    assert sum(before < after for before, after in pairwise(limits)) < processes


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_each_process_begins_with_its_share_of_them(count: int) -> None:
    """Each test is in one part, and the parts are as large as those that xdist makes."""
    limits = {number: 300 - number if number % 7 == 0 else 0 for number in range(103)}
    long = sum(map(bool, limits.values()))

    dealt = parts(list(limits), count, lambda number: limits[number])

    assert sorted(number for part in dealt for number in part) == list(limits)
    assert [len(part) for part in dealt] == [(103 + number) // count for number in range(count)]
    for part in dealt:
        own = [limits[number] for number in part]
        assert long // count <= sum(map(bool, own)) <= -(-long // count)
        assert all(before >= after for before, after in pairwise(own))


@pytest.mark.parametrize("count", [1, 2, 5])
def test_each_test_runs_once_however_few_there_are(count: int) -> None:
    for total in range(12):
        dealt = parts(list(range(total)), count, lambda number: number % 2)

        assert sorted(number for part in dealt for number in part) == list(range(total))
