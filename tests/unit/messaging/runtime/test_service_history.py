"""The history of service accounts: what the database refuses takes nothing else with it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

import pytest
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

    assert records.stored == ["/1", "/2", "/3"]
    assert records.used == {CALLER.token_id: AT}
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

    assert records.stored == ["/1", "/2", "/3"]
    assert records.used == {CALLER.token_id: AT}


async def test_a_stop_while_the_database_is_slow_loses_nothing(
    history: ServiceHistory, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is being stored then is stored once, and so is what came meanwhile."""
    monkeypatch.setattr(service_history, "_PAUSE_SECONDS", 0.0)
    records.open.clear()
    history.start()
    async with asyncio.timeout(10):
        await records.called.wait()
        stopping = asyncio.create_task(history.stop())
        await asyncio.sleep(0)
        records.open.set()
        await stopping

    assert records.stored == ["/1", "/2", "/3"]
    assert records.used == {CALLER.token_id: AT}


async def test_a_database_that_hangs_ends_with_the_stop(
    history: ServiceHistory, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shutdown cuts it off; nothing runs on."""
    monkeypatch.setattr(service_history, "_PAUSE_SECONDS", 0.0)
    records.open.clear()
    history.start()
    async with asyncio.timeout(10):
        await records.called.wait()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await history.stop()

    assert asyncio.all_tasks() == {asyncio.current_task()}
