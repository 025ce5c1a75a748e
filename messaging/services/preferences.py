"""Preferences: a person's settings for all conversations."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

from messaging.domain.people import UserSettings
from messaging.runtime.instance import Instance

_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
"""Serialises the changes of one person's settings on this instance."""


async def get_settings(instance: Instance, *, user_id: str) -> UserSettings:
    """Return a person's settings. Raises StoreUnavailable."""
    recipients = await instance.recipients.get_recipients([user_id])
    return recipients[user_id].settings


async def set_settings(
    instance: Instance, *, user_id: str, changes: Mapping[str, Any]
) -> UserSettings:
    """Change the given settings; the others stay unchanged. Raises StoreUnavailable."""
    turn = _turns.setdefault(user_id, asyncio.Lock())
    async with turn:
        before = await get_settings(instance, user_id=user_id)
        new = {name: value for name, value in changes.items() if getattr(before, name) != value}
        if new:
            try:
                await instance.recipients.set_settings(user_id, new)
            finally:  # it may have succeeded without an answer
                instance.publisher.publish_privacy(user_id)
    return replace(before, **new)
