"""A worker while the store is moved."""

import asyncio
from uuid import uuid4

import pytest
from pytest_django import Settings

from messaging.notifications.notifier import Notifier
from messaging.runtime.instance import Instance
from messaging.services.copying.owning import owned
from messaging.stores.database.moves import MoveStore
from messaging.stores.switching.move import Phase
from tests.instances import new_instance
from tests.integration.notifications import found, reasons
from tests.notifications.fcm_server import FcmServer


async def _step_of(moves: MoveStore) -> int:
    (process,) = await moves.list_processes()
    return process.step


async def test_a_worker_goes_through_a_switch(
    instance: Instance,
    notifier: Notifier,
    fcm: FcmServer,
    firestore_emulator: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It takes part in the freeze as an instance does, and then reads and decides in the other
    store."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    settings.GOOGLE_CLOUD_PROJECT = f"test-{uuid4().hex}"
    moves = MoveStore(instance.database)
    group = await found(instance, "bob")
    before = await group.send()
    async with owned(moves, "test"):
        assert await moves.begin("test", source="sql", target="firestore")
        await instance.store_watch.start("worker")
        assert await notifier.run(group.job(before)) is None
        assert await moves.passed("test", await moves.now())
        async with asyncio.timeout(60):
            while (frozen := await moves.look()).phase is not Phase.FREEZING:
                await moves.freeze("test", seconds=30.0)
            while await _step_of(moves) < frozen.step:
                await asyncio.sleep(0.05)
            touched = await moves.list_touched(limit=10)
            assert touched, "the decision of the worker"
            await moves.settle(touched)
            assert await moves.switch("test")
            while instance.store_watch.kind != "firestore":
                await asyncio.sleep(0.05)
    async with new_instance() as other:
        await other.start()
        await other.notifications.stop()  # the worker alone has the job
        there = await found(other, "cid")
        message = await there.send()
        assert await notifier.run(there.job(message)) is None
        assert await reasons(other, message) == {"cid": "sent absent"}
    assert fcm.rung() == {"bob-0": 1, "cid-0": 1}
    await instance.store_watch.stop()
    assert await moves.list_processes() == []
