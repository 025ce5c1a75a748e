"""Preferences: a person's settings in one conversation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from messaging.domain.conversation import Conversation
from messaging.domain.participant import OwnFlags, Preferences
from messaging.runtime.instance import Instance
from messaging.services.rules.carried_through import carried_through
from messaging.services.rules.own_positions import own_position
from messaging.services.rules.rights import read_conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSettings:
    preferences: Preferences
    flags: OwnFlags
    archived: bool = False
    """Whether the conversation is archived now."""


async def get_preferences(instance: Instance, *, user_id: str, conversation_id: str) -> OwnSettings:
    """Return a person's settings in a conversation. Raises ConversationNotFound, NotAParticipant,
    StoreUnavailable."""
    # Read it: settings change without a version, so a copy does not know a change on another
    # instance.
    conversation = await read_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    return await _own_settings(instance, conversation, user_id)


@carried_through
async def set_preferences(
    instance: Instance,
    *,
    user_id: str,
    conversation_id: str,
    changes: Mapping[str, Any],
) -> OwnSettings:
    """Change a person's own settings: `muted_until`, `notify`, `pinned`, `archived`. Absent ones
    stay unchanged. The person's own sockets get the result.

    Raises ConversationNotFound, NotAParticipant, StoreUnavailable.
    """
    # One at a time: the answer to a change must show the changes before it.
    async with instance.turns.preferences.of((conversation_id, user_id)):
        conversation = await read_conversation(
            instance, user_id=user_id, conversation_id=conversation_id
        )
        preferences = {name: changes[name] for name in ("muted_until", "notify") if name in changes}
        flags = _changed_flags(conversation, changes)
        if preferences:
            await instance.store.set_preferences(conversation_id, user_id, preferences)
            instance.cache.drop(conversation_id)
        if flags:
            await instance.store.set_flags(conversation_id, user_id, flags)
        before = conversation.preferences.get(user_id, Preferences())
        everyone = {**conversation.preferences, user_id: replace(before, **preferences)}
        settings = await _own_settings(
            instance, replace(conversation, preferences=everyone), user_id
        )
        if changes:
            instance.publisher.publish_preferences(
                conversation_id,
                user_id,
                settings.preferences,
                settings.flags,
                archived=settings.archived,
            )
    return settings


def _changed_flags(conversation: Conversation, changes: Mapping[str, Any]) -> dict[str, Any]:
    flags: dict[str, Any] = {}
    if "pinned" in changes:
        flags["pinned"] = changes["pinned"]
    if "archived" in changes:
        flags["archived_seq"] = conversation.seq if changes["archived"] else None
    return flags


async def _own_settings(
    instance: Instance, conversation: Conversation, user_id: str
) -> OwnSettings:
    position = await own_position(instance, conversation, user_id)
    return OwnSettings(
        preferences=conversation.preferences.get(user_id, Preferences()),
        flags=position.flags,
        archived=position.archived,
    )
