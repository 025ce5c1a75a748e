"""Two instances on one store and one Redis, each with its doors, in this process."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
from channels.layers import DEFAULT_CHANNEL_LAYER
from django.test import override_settings

from chat.socket import commands
from chat.socket.frames import encode_reply, parse_command
from chat.state import ApplicationState
from config.application import Application
from messaging.delivery.hub.connections import Connection
from messaging.personal_data.erasure import Erasure
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from messaging.services import sessions
from tests.fuzz.agreement.direct import DirectClient
from tests.fuzz.agreement.scene import Json
from tests.instances import new_instance
from tests.integration.chat import Api
from tests.links import PATIENCE, LossyLayer
from tests.outlets import Outlet

_COMMITS = ("changes", "people")
"""The types of the messages between instances that report commits."""


_SETTLE = 1.5
"""How long an erasure waits for what the person has just done: receipts go out once a second."""


class Losses:
    """How many of the next commits an instance publishes in vain."""

    def __init__(self) -> None:
        self.remaining = 0

    def lose(self, item: Mapping[str, Any]) -> bool:
        lost = item["type"] in _COMMITS and self.remaining > 0
        self.remaining -= lost
        return lost


class Layer(LossyLayer):
    def __init__(self, *, host: str, prefix: str, losses: Losses) -> None:
        super().__init__({"address": host}, prefix)
        self._losses = losses
        self.loses = losses.lose

    async def group_send(self, group: str, message: Mapping[str, Any]) -> None:
        if self._losses.remaining:
            await super().group_send(group, message)
        else:
            await self.publish(group, message["data"])  # without a look at its items


class Site:
    """One instance, its REST API, and the commands of its sockets."""

    def __init__(
        self,
        instance: Instance,
        state: ApplicationState,
        http: httpx.AsyncClient,
        losses: Losses,
    ) -> None:
        self.instance = instance
        self.losses = losses
        parts = instance.jobs.parts
        self.jobs = Jobs(
            parts, owner=instance.boot_id, erasure=Erasure(parts, settle_seconds=_SETTLE)
        )
        self._state = state
        self._http = http

    def api(self, user_id: str) -> Api:
        return Api(self._http, user_id)

    async def connect(self, user_id: str, outlet: Outlet, *, signed_in_at: datetime) -> Connection:
        return await sessions.open_session(
            self.instance, user_id=user_id, signed_in_at=signed_in_at, outlet=outlet
        )

    def disconnect(self, connection: Connection) -> None:
        sessions.close_session(self.instance, connection)

    async def command(self, connection: Connection, kind: str, **fields: Any) -> Json:
        """Run a command, and return the data of its reply. Raises MessagingError."""
        text = json.dumps({"id": 1, "type": kind, **fields})
        received = parse_command(text, commands.TYPED)
        data = await commands.handle(self._state, received, connection)
        reply: Json = json.loads(encode_reply(1, data))["data"]
        return reply


@asynccontextmanager
async def two_sites(redis_url: str) -> AsyncIterator[Sequence[Site]]:
    """Two instances that hear each other, on the store of the settings."""
    prefix = uuid4().hex
    async with AsyncExitStack() as stack:
        stack.enter_context(override_settings(REDIS={"address": redis_url}))
        sites = [await stack.enter_async_context(_site(redis_url, prefix)) for _ in range(2)]
        for site, other in (sites, sites[::-1]):
            await _hears(site.instance, other.instance)
        yield sites


@asynccontextmanager
async def _site(redis_url: str, prefix: str) -> AsyncIterator[Site]:
    losses = Losses()
    layer = {
        "BACKEND": f"{Layer.__module__}.{Layer.__qualname__}",
        "CONFIG": {"host": redis_url, "prefix": prefix, "losses": losses},
    }
    async with AsyncExitStack() as stack:
        with override_settings(CHANNEL_LAYERS={DEFAULT_CHANNEL_LAYER: layer}):
            instance = await stack.enter_async_context(new_instance())
        state = ApplicationState(instance)
        stack.callback(state.close)
        http = await stack.enter_async_context(DirectClient(Application(instance, state=state)))
        await instance.start()
        await instance.jobs.stop()  # the proof says when they run
        yield Site(instance, state, http, losses)


async def _hears(instance: Instance, other: Instance) -> None:
    """Wait until a beacon of the other has arrived."""
    assert instance.link is not None
    async with asyncio.timeout(PATIENCE):
        while other.boot_id not in instance.link.peers:
            await asyncio.sleep(0.02)
