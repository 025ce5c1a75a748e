"""The parts that work in the background go on after a bug in something that they call."""

from collections.abc import Sequence, Set
from uuid import uuid4

import pytest

from messaging.presence import presence as presence_module
from messaging.presence.presence import Presence
from messaging.runtime import figures as figures_module
from messaging.runtime.figures import LiveFigures, Status
from tests.integration.redis.test_garbage_in_redis import becomes_true, own_client


class FailsOnce:
    """Users whose list cannot be read the first time."""

    failed = False

    def __contains__(self, user_id: str) -> bool:
        return user_id == "ann"

    def among(self, user_ids: Set[str]) -> Set[str]:
        return user_ids & {"ann"}

    @property
    def user_ids(self) -> Sequence[str]:
        if not self.failed:
            self.failed = True
            raise LookupError
        return ["ann"]


class Nobody:
    user_ids: Sequence[str] = ()

    def __contains__(self, user_id: str) -> bool:
        return False

    def among(self, user_ids: Set[str]) -> Set[str]:
        return set()


async def test_presence(
    redis_server: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise the lease would end, and everyone here would be offline for the others."""
    monkeypatch.setattr(presence_module, "REGISTRY", f"chat:test:{uuid4().hex}")
    monkeypatch.setattr(presence_module, "_HEARTBEAT_SECONDS", 0.05)
    async with own_client(redis_server) as client, own_client(redis_server) as others:
        local = FailsOnce()
        presence = Presence(local, client, boot_id=uuid4().hex)
        elsewhere = Presence(Nobody(), others, boot_id=uuid4().hex)
        await presence.start()
        await elsewhere.start()

        async def is_online() -> bool:
            return await elsewhere.online(["ann"]) == {"ann"}

        await becomes_true(is_online)
        await presence.stop()
        await elsewhere.stop()

    assert local.failed
    assert sum("presence.failed" in str(record.msg) for record in caplog.records) == 1


async def test_figures(
    redis_server: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise the admin would show them once, and then this process no more."""
    monkeypatch.setattr(figures_module, "REGISTRY", f"chat:test:{uuid4().hex}")
    failures = iter([True])
    boot_id = uuid4().hex

    def status() -> Status:
        if next(failures, False):
            raise LookupError
        return Status(instance_id="one", boot_id=boot_id, uptime=1.0, link="up", draining=False)

    def other() -> Status:
        return Status(instance_id="two", boot_id="two", uptime=1.0, link="up", draining=False)

    async with own_client(redis_server) as client, own_client(redis_server) as others:
        one = LiveFigures(client, status)
        one.start(role="instance")

        async def is_shown() -> bool:
            found, _ = await LiveFigures(others, other).all()
            return boot_id in {figures.boot_id for figures in found}

        await becomes_true(is_shown)
        await one.stop()

    assert sum("figures.failed" in str(record.msg) for record in caplog.records) == 1
