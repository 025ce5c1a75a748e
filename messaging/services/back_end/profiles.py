"""Profiles by a service account: the names and pictures of people, and its own."""

from collections.abc import Mapping

from messaging.domain.identifiers import require_user_id
from messaging.domain.integrations.service_accounts import Scope, ServiceCaller
from messaging.domain.people import Profile
from messaging.runtime.instance import Instance
from messaging.services.account import profiles
from messaging.services.sessions import require_not_erasing


async def set_profile(
    instance: Instance, *, service: ServiceCaller, person_id: str, changes: Mapping[str, str | None]
) -> Profile:
    """Change the given fields of a profile, `name` and `picture`; None removes a field. The person
    need not have signed in yet. Raises ScopeMissing, InvalidRequest, BeingErased,
    StoreUnavailable."""
    service.require(Scope.MANAGE)
    if person_id != service.user_id:
        require_user_id("user_id", person_id)
        await require_not_erasing(instance, user_id=person_id)
    await profiles.set_profile(instance, user_id=person_id, changes=changes)
    return await profiles.get_profile(instance, user_id=person_id)
