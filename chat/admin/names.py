"""Names of people beside their ids. An operator acts by the id: two people may have one name."""

from collections.abc import Iterable

from django.utils.html import format_html

from chat.admin.base import link
from chat.models import Names
from messaging.runtime.instance import Instance


async def names_of(instance: Instance, user_ids: Iterable[str]) -> Names:
    """Return the name of each of these people who has one; one read each, unless it is cached.
    Raises StoreUnavailable."""
    profiles = await instance.profiles.get(list(dict.fromkeys(user_ids)))
    return {user_id: profile.name for user_id, profile in profiles.items() if profile.name}


def person_link(user_id: str, names: Names) -> str:
    """Return a link to the page of a person, with the name behind it."""
    page, name = link("person", user_id), names.get(user_id)
    return page if name is None else format_html("{} · <bdi>{}</bdi>", page, name)


def named(user_id: str, names: Names) -> str:
    """Return the same without a link, for the cell of a list that links to another page."""
    name = names.get(user_id)
    return user_id if name is None else format_html("{} · <bdi>{}</bdi>", user_id, name)
