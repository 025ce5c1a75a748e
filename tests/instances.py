"""Instances in the process of the tests: a new one for each test, from the settings it has set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from pytest_django.fixtures import Settings

from messaging.redis.raw_layer import FORMAT
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


def use_redis(settings: Settings, url: str, *, prefix: str = "") -> str:
    """Let new instances share this Redis. Returns the prefix of their channels, by default one of
    this test alone."""
    prefix = prefix or uuid4().hex
    settings.REDIS = {"address": url}
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [url], "prefix": prefix, "serializer_format": FORMAT},
        }
    }
    return prefix
