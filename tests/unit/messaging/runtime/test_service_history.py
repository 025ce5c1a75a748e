"""The history of service accounts: what the database refuses takes nothing else with it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

import pytest
import pytest_asyncio
from django.db import DataError
from structlog.testing import capture_logs

from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.integrations.service_accounts import ServiceAction, ServiceCaller
from messaging.runtime import service_history
from messaging.runtime.service_history import ServiceHistory
from messaging.stores.database.service_accounts import ServiceAccountStore

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CALLER = ServiceCaller(name="shop", token_id="0" * 12, scopes=frozenset(), requests_per_second=1)


class Records:
    """The store of the history. It refuses some paths, and is unavailable after so many calls."""

    def __init__(self) -> None:
        self.stored: list[str] = []
        self.used: dict[str, datetime] = {}
        self.calls_left = 100
        self.called, self.open = asyncio.Event(), asyncio.Event()
        self.open.set()

    async def record(self, actions: Sequence[ServiceAction], used: Mapping[str, datetime]) -> None:
        self.calls_left -= 1
        self.called.set()
        await self.open.wait()
        if self.calls_left < 0:
            raise StoreUnavailable
        if any(action.path == "/refused" for action in actions):
            raise DataError("value too long")
        self.stored += [action.path for action in actions]
        self.used |= used

    @property
    def whole(self) -> bool:
        """Everything is stored once, without what is refused."""
        return self.stored == ["/1", "/2", "/3"] and self.used == {CALLER.token_id: AT}


@pytest.fixture
def records() -> Records:
    return Records()


@pytest.fixture
def history(records: Records) -> ServiceHistory:
    history = ServiceHistory(cast("ServiceAccountStore", records))
    history.note_use(CALLER, AT)
    for path in ("/1", "/refused", "/2", "/3"):
        history.note(
            ServiceAction(
                name="shop",
                token_id=CALLER.token_id,
                at=AT,
                method="POST",
                path=path,
                status=201,
                request_id="r",
            )
        )
    return history


async def test_one_refused_action_takes_no_other_with_it(
    history: ServiceHistory, records: Records
) -> None:
    """It is in the log, as all of it would have been in the history."""
    with capture_logs() as lines:
        await history.stop()

    assert records.whole
    refused = [line for line in lines if line["event"] == "service_history.refused"]
    assert [(line["service"], line["path"]) for line in refused] == [("shop", "/refused")]
    assert [line["actions"] for line in lines if line["event"] == "service_history.dropped"] == [1]


@pytest.mark.parametrize("calls", range(6))
async def test_an_outage_between_two_of_them_loses_nothing(
    history: ServiceHistory, records: Records, calls: int
) -> None:
    records.calls_left = calls
    await history.stop()

    records.calls_left = 100
    await history.stop()

    assert records.whole


@pytest_asyncio.fixture
async def hanging(
    history: ServiceHistory, records: Records, monkeypatch: pytest.MonkeyPatch
) -> ServiceHistory:
    """It is storing, and the database does not answer."""
    monkeypatch.setattr(service_history, "_PAUSE_SECONDS", 0.0)
    records.open.clear()
    history.start()
    await asyncio.wait_for(records.called.wait(), 10)
    return history


async def test_a_stop_while_the_database_is_slow_loses_nothing(
    hanging: ServiceHistory, records: Records
) -> None:
    """What is being stored is stored once."""
    stopping = asyncio.create_task(hanging.stop())
    await asyncio.sleep(0)
    records.open.set()
    await asyncio.wait_for(stopping, 10)

    assert records.whole


async def test_a_database_that_hangs_ends_with_the_stop(hanging: ServiceHistory) -> None:
    """The shutdown cuts it off; nothing runs on."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert others

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await hanging.stop()

    assert all(task.done() for task in others)
