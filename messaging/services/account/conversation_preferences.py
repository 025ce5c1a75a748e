"""Preferences: a person's settings in one conversation."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from messaging.domain.participant import Preferences
from messaging.runtime.instance import Instance
from messaging.services.rules.rights import access_conversation, read_conversation


async def get_preferences(instance: Instance, *, user_id: str, conversation_id: str) -> Preferences:
    """Return a person's settings in a conversation. Raises ConversationNotFound, NotAParticipant,
    StoreUnavailable."""
    conversation = await access_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    return conversation.preferences.get(user_id, Preferences())


async def set_preferences(
    instance: Instance,
    *,
    user_id: str,
    conversation_id: str,
    changes: Mapping[str, Any],
) -> Preferences:
    """Change a person's own settings, `muted_until` and `notify`. Absent ones stay unchanged.

    Raises ConversationNotFound, NotAParticipant, StoreUnavailable.
    """
    # One at a time: the answer to a change must show the changes before it.
    async with instance.preference_locks.of((conversation_id, user_id)):
        conversation = await read_conversation(
            instance, user_id=user_id, conversation_id=conversation_id
        )
        preferences = conversation.preferences.get(user_id, Preferences())
        preferences = replace(preferences, **changes)
        await instance.store.set_preferences(conversation_id, user_id, changes)
        instance.cache.drop(conversation_id)
    return preferences
