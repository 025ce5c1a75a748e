"""Profiles: a person's own name and picture."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

import structlog

from messaging.changes.profile_rules import require_name, require_picture
from messaging.domain.exceptions import RefusedByModeration
from messaging.domain.people import Profile
from messaging.runtime.instance import Instance
from messaging.services.rules.carried_through import carried_through
from messaging.services.rules.moderation import moderated_name
from messaging.services.sessions import require_admitted

logger = structlog.get_logger(__name__)


async def get_profile(instance: Instance, *, user_id: str) -> Profile:
    """Return a person's own profile, in one read. Raises StoreUnavailable."""
    return (await instance.people.get_profiles([user_id]))[user_id]


async def set_profile(
    instance: Instance, *, user_id: str, changes: Mapping[str, str | None]
) -> None:
    """Change the given fields, `name` and `picture`. None removes a field. There is no event:
    clients load profiles again from time to time. Raises InvalidRequest, RefusedByModeration,
    StoreUnavailable."""
    if (name := changes.get("name")) is not None:
        require_name(name)
    if (picture := changes.get("picture")) is not None:
        require_picture(picture)
    if not changes:
        return
    stored = {field: value or "" for field, value in changes.items()}
    if name is not None:
        stored["name"] = await moderated_name(instance, user_id, name) or ""
    await _store_profile(instance, user_id, stored)


async def complete_profile(
    instance: Instance, *, user_id: str, signed_in_at: datetime, offered: Mapping[str, str]
) -> None:
    """Set those of the offered fields that were never set, from the token of a sign-in that is
    still valid. A later sign-in reads the profile at most.

    Raises Banned, TokenRevoked, StoreUnavailable.
    """
    await require_admitted(instance, user_id=user_id, signed_in_at=signed_in_at)
    known = (await instance.profiles.get([user_id]))[user_id]
    missing = {field: value for field, value in offered.items() if getattr(known, field) is None}
    if name := missing.pop("name", None):
        with suppress(RefusedByModeration):  # the person stays without a name
            missing["name"] = await moderated_name(instance, user_id, name) or ""
    if not missing:
        return
    await _store_completion(instance, user_id, missing)


@carried_through
async def _store_profile(instance: Instance, user_id: str, fields: Mapping[str, str]) -> None:
    try:
        await instance.people.set_profile(user_id, fields)
    finally:  # it may have succeeded without an answer
        instance.publisher.publish_person(user_id)
    logger.info("profile.changed", fields=sorted(fields))


@carried_through
async def _store_completion(instance: Instance, user_id: str, fields: Mapping[str, str]) -> None:
    try:
        await instance.people.complete_profile(user_id, fields)
    finally:  # it may have succeeded without an answer
        instance.publisher.publish_person(user_id)
    logger.info("profile.completed", user_id=user_id, fields=sorted(fields))
