"""Instances in the process of the tests: a new one for each test, from the settings it has set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from messaging.runtime.instance import Instance
from tests.outlets import everybody_leaves


@asynccontextmanager
async def new_instance() -> AsyncIterator[Instance]:
    """An instance on the test database, or on Firestore. It is not started; at the end it is
    stopped."""
    if settings.CHAT_STORE == "sql":
        database = connections.settings[DEFAULT_DB_ALIAS]
        assert database["NAME"] == database["TEST"]["NAME"], "The test needs a database fixture."
    instance = Instance()
    yield instance
    everybody_leaves(instance)
    await instance.stop()
