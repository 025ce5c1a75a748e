"""The guard of writes during a move."""

import asyncio
import time
from collections.abc import Iterable

import pytest

from messaging.domain.exceptions import ConversationNotFound, StoreUnavailable
from messaging.stores.conversations import CommitUnknown, Conflict
from messaging.stores.switching.guard import WriteGuard

_LONG = 3600.0


class Writes:
    """A store that answers when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def write(self, id_: str) -> str:
        self.begun += 1
        await self.answer
        return id_


def keys(id_: str) -> Iterable[str]:
    return (f"thing/{id_}",)


def is_quiet(guard: WriteGuard) -> bool:
    return guard.quiet


def leased(*, settle_seconds: float = _LONG) -> WriteGuard:
    guard = WriteGuard(settle_seconds=settle_seconds)
    guard.lease(time.monotonic() + _LONG)
    return guard


async def test_a_write_is_recorded_when_it_ends() -> None:
    """A copy that was made before that does not have it."""
    guard, writes = leased(), Writes()
    write = asyncio.create_task(_call(guard.refusing(writes.write, keys), "1"))
    await asyncio.sleep(0)
    assert writes.begun
    assert not is_quiet(guard)
    assert guard.pop_touched() == []
    writes.answer.set_result(None)
    assert await write == "1"
    assert is_quiet(guard)
    assert guard.pop_touched() == ["thing/1"]
    assert guard.pop_touched() == []


async def _call(write: object, id_: str) -> object:
    return await write(id_)  # type: ignore[operator]


async def test_a_freeze_refuses_writes_and_waits_for_those_in_progress() -> None:
    guard, writes = leased(), Writes()
    refusing = guard.refusing(writes.write, keys)
    write = asyncio.create_task(_call(refusing, "1"))
    await asyncio.sleep(0)
    guard.frozen = True
    with pytest.raises(StoreUnavailable):
        await refusing("2")
    assert not is_quiet(guard)
    writes.answer.set_result(None)
    await write
    assert is_quiet(guard)
    assert guard.pop_touched() == ["thing/1"]


async def test_nothing_is_written_without_a_lease() -> None:
    guard, writes = WriteGuard(settle_seconds=_LONG), Writes()
    writes.answer.set_result(None)
    refusing = guard.refusing(writes.write, keys)
    with pytest.raises(StoreUnavailable):
        await refusing("1")
    guard.lease(time.monotonic() + _LONG)
    await refusing("1")
    guard.lease(time.monotonic())
    with pytest.raises(StoreUnavailable):
        await refusing("1")
    assert writes.begun == 1


async def test_what_is_not_refused_is_recorded() -> None:
    guard, writes = WriteGuard(settle_seconds=_LONG), Writes()
    writes.answer.set_result(None)
    guard.frozen = True
    await guard.recording(writes.write, keys)("1")
    assert guard.pop_touched() == ["thing/1"]


@pytest.mark.parametrize("error", [CommitUnknown(), StoreUnavailable(), asyncio.CancelledError()])
async def test_a_write_without_an_answer_is_in_progress_until_it_can_not_be_applied(
    error: BaseException,
) -> None:
    """It is recorded at once, and once more then: it may be applied in between."""
    guard, writes = leased(settle_seconds=0.5), Writes()
    writes.answer.set_exception(error)
    with pytest.raises(type(error)):
        await guard.refusing(writes.write, keys)("1")
    assert not is_quiet(guard)
    assert guard.pop_touched() == ["thing/1"]
    async with asyncio.timeout(10):
        while not guard.quiet:
            await asyncio.sleep(0.01)
    assert guard.pop_touched() == ["thing/1"]


@pytest.mark.parametrize("error", [Conflict(), ConversationNotFound()])
async def test_a_refusal_of_the_store_is_an_answer(error: Exception) -> None:
    guard, writes = leased(), Writes()
    writes.answer.set_exception(error)
    with pytest.raises(type(error)):
        await guard.refusing(writes.write, keys)("1")
    assert is_quiet(guard)


@pytest.mark.parametrize("unanswered", [CommitUnknown, StoreUnavailable])
async def test_a_write_that_ends_long_after_the_lease_is_not_acknowledged(
    unanswered: type[Exception],
) -> None:
    """The process was stopped within the write. The store may be another one by now."""
    late: list[bool] = []
    guard = WriteGuard(settle_seconds=60.0, on_late=lambda: late.append(True))
    guard.lease(time.monotonic() + _LONG)
    for lapsed, is_late in ((59.0, False), (61.0, True)):
        writes = Writes()
        refusing = guard.refusing(writes.write, keys, unanswered=unanswered)
        write = asyncio.create_task(_call(refusing, "1"))
        await asyncio.sleep(0)
        guard.lease(time.monotonic() - lapsed)
        writes.answer.set_result(None)
        if is_late:
            with pytest.raises(unanswered):
                await write
        else:
            assert await write == "1"
        assert bool(late) is is_late
        assert guard.pop_touched() == ["thing/1"]
        guard.lease(time.monotonic() + _LONG)


@pytest.mark.parametrize("error", [CommitUnknown(), Conflict()])
async def test_a_late_error_is_late_too(error: Exception) -> None:
    late: list[bool] = []
    guard = WriteGuard(settle_seconds=0.0, on_late=lambda: late.append(True))
    guard.lease(time.monotonic() + _LONG)
    writes = Writes()
    write = asyncio.create_task(_call(guard.refusing(writes.write, keys), "1"))
    await asyncio.sleep(0)
    guard.lease(time.monotonic())
    writes.answer.set_exception(error)
    with pytest.raises(type(error)):
        await write
    assert late
