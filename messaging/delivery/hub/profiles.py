"""Profiles: a cache of people's names and pictures."""

import sys

from messaging.delivery.hub.copies import CopiesOfPeople
from messaging.domain.people import Profile
from messaging.instruments.memory import MIB
from messaging.stores.people import PeopleStore

_MAX_BYTES = 16 * MIB
_ENTRY_BYTES = 500
"""The approximate bytes of an entry besides its strings, on 64-bit CPython."""


class ProfileList(CopiesOfPeople[Profile]):
    def __init__(self, people: PeopleStore) -> None:
        super().__init__("profiles", people.get_profiles, weigh=_weight, most=_MAX_BYTES)


def _weight(profile: Profile) -> int:
    strings = (profile.user_id, profile.name or "", profile.picture or "")
    return _ENTRY_BYTES + sum(map(sys.getsizeof, strings))
