"""Preferences: a person's settings for all conversations."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from messaging.domain.people import UserSettings
from messaging.runtime.instance import Instance
from messaging.services.rules.carried_through import carried_through


async def get_settings(instance: Instance, *, user_id: str) -> UserSettings:
    """Return a person's settings. Raises StoreUnavailable."""
    recipients = await instance.recipients.get_recipients([user_id])
    return recipients[user_id].settings


@carried_through
async def set_settings(
    instance: Instance, *, user_id: str, changes: Mapping[str, Any]
) -> UserSettings:
    """Change the given settings; the others stay unchanged. Raises StoreUnavailable."""
    # The answer to each of two changes at once shows the one before.
    async with instance.turns.settings.of(user_id):
        before = await get_settings(instance, user_id=user_id)
        new = {name: value for name, value in changes.items() if getattr(before, name) != value}
        if new:
            try:
                await instance.recipients.set_settings(user_id, new)
            finally:  # it may have succeeded without an answer
                instance.publisher.publish_person(user_id)
    return replace(before, **new)
