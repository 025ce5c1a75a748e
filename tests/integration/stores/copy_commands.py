"""The commands `copy_store` and `move_store`, and the stores that they start with."""

from io import StringIO
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.core.management import call_command
from pytest_django import Settings

from tests.instances import new_instance
from tests.integration.stores.exchange.chats import chat


async def call(*arguments: str) -> str:
    """Run a management command, and return what it says."""
    output = StringIO()
    await sync_to_async(call_command)(*arguments, stdout=output, stderr=output)
    return output.getvalue()


async def chats_beside_firestore(
    emulator: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let people chat on the SQL store, beside an empty Firestore."""
    async with new_instance() as instance:
        await chat(instance, messages_each=2)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator)
    settings.GOOGLE_CLOUD_PROJECT = f"test-{uuid4().hex}"
