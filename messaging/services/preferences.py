"""Preferences: what somebody wants in all conversations."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

from messaging.domain.people import UserSettings
from messaging.runtime.instance import Instance

_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
"""Two changes of one person's settings, made here, follow each other."""


async def get_settings(instance: Instance, *, user_id: str) -> UserSettings:
    """Raises StoreUnavailable."""
    recipients = await instance.recipients.get_recipients([user_id])
    return recipients[user_id].settings


async def set_settings(
    instance: Instance, *, user_id: str, changes: Mapping[str, Any]
) -> UserSettings:
    """Change the settings that are named. The others are not written, nor is one that has this
    value already. Raises StoreUnavailable."""
    turn = _turns.setdefault(user_id, asyncio.Lock())
    async with turn:
        before = await get_settings(instance, user_id=user_id)
        new = {name: value for name, value in changes.items() if getattr(before, name) != value}
        if new:
            try:
                await instance.recipients.set_settings(user_id, new)
            finally:  # it may have been done, though nothing was heard of it
                instance.publisher.publish_privacy(user_id)
    return replace(before, **new)
