"""Work is repeated while the store is away, and no longer than it makes sense."""

import pytest

from messaging.concurrency import retries
from messaging.concurrency.retries import PageSize, retried, until_answered
from messaging.domain.exceptions import NotFound, StoreUnavailable


class Work:
    """Fails with each of the errors, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.fixture(autouse=True)
def _short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "RETRY_SECONDS", 0.001)
    monkeypatch.setattr(retries, "_PAUSE_SECONDS", 0.001)


async def test_it_is_repeated_until_the_store_answers() -> None:
    work = Work(StoreUnavailable(), StoreUnavailable())

    assert await until_answered(work) == "done"
    assert work.calls == 3


async def test_another_error_is_raised_at_once() -> None:
    work = Work(NotFound())

    with pytest.raises(NotFound):
        await until_answered(work)
    assert work.calls == 1


async def test_it_ends_when_it_is_too_late() -> None:
    work = Work(*[StoreUnavailable()] * 10)

    with pytest.raises(StoreUnavailable):
        await until_answered(work, too_late=lambda: work.calls >= 2)
    assert work.calls == 2


async def test_a_call_is_retried_with_its_arguments() -> None:
    errors = [StoreUnavailable()] * 12

    async def add(one: int, *, other: int) -> int:
        if errors:
            raise errors.pop()
        return one + other

    assert await retried(add, 2, other=3) == 5


async def test_a_call_is_not_retried_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "_SECONDS", 0.1)
    work = Work(*[StoreUnavailable()] * 1_000)

    with pytest.raises(StoreUnavailable):
        await retried(work)
    assert 1 < work.calls < 1_000


async def test_pages_get_smaller_until_the_store_answers_and_then_grow() -> None:
    asked: list[int] = []

    async def page(size: int) -> int:
        asked.append(size)
        if size > 30:
            raise StoreUnavailable
        return size

    sizes = PageSize(100)
    for _ in range(3):
        found, size = await sizes.read(page)
        assert found == size
    assert asked == [100, 50, 25, 35, 17, 27]


async def test_pages_are_never_larger_than_the_most_nor_smaller_than_ten() -> None:
    async def away(size: int) -> int:
        asked.append(size)
        raise StoreUnavailable

    async def page(size: int) -> int:
        return size

    asked: list[int] = []
    sizes = PageSize(25)
    with pytest.raises(StoreUnavailable):
        await sizes.read(away)
    assert asked[:4] == [25, 12, 10, 10]
    assert [(await sizes.read(page))[0] for _ in range(4)] == [10, 20, 25, 25]
