"""The people of an imported conversation: their roles, and from when on they see its messages."""

from collections.abc import Callable, Sequence
from datetime import datetime

from messaging.domain.participant import Participant, Role
from messaging.exchange.importing.foreign import Member

_RANKS = {Role.MEMBER: 0, Role.ADMIN: 1, Role.OWNER: 2}


class People:
    def __init__(self, members: Sequence[Member], *, user_id: Callable[[str], str]) -> None:
        """Create it. `user_id` returns the user id of a person of the product. Two people with the
        same user id become one, with the higher role and the longer history."""
        self._roles: dict[str, Role] = {}
        self.visible_since: dict[str, datetime] = {}
        """By user id, for those who do not see all messages."""
        for one in members:
            id_ = user_id(one.person)
            known = id_ in self._roles
            before = self.visible_since.pop(id_, None)
            if one.visible_since is not None and (before is not None or not known):
                self.visible_since[id_] = min(one.visible_since, before or one.visible_since)
            role = self._roles.get(id_, one.role)
            self._roles[id_] = max(role, one.role, key=_RANKS.__getitem__)
        self.ids = tuple(self._roles)

    def of_direct(self) -> dict[str, Participant]:
        """Return the two people of a direct conversation. Both are members."""
        return _participants(dict.fromkeys(self._roles, Role.MEMBER))

    def of_group(self, owner: str | None) -> dict[str, Participant]:
        """Return the people of a group. It has an owner: the named one, else the first admin, else
        the first person."""
        roles = dict(self._roles)
        if owner in roles:
            roles[owner] = Role.OWNER
        if Role.OWNER not in roles.values():
            admins = (one for one, role in roles.items() if role is Role.ADMIN)
            roles[next(admins, self.ids[0])] = Role.OWNER
        return _participants(roles)


def _participants(roles: dict[str, Role]) -> dict[str, Participant]:
    return {
        user_id: Participant(user_id=user_id, role=role, joined_version=0)
        for user_id, role in roles.items()
    }
