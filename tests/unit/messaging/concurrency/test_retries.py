"""Work is repeated while the store is away, and no longer than it makes sense."""

import pytest

from messaging.concurrency import retries
from messaging.concurrency.retries import until_answered
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
