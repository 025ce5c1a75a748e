"""Who comes and goes, and what conversations are called."""

import random

from tests.chaos.crowd import Crowd, Room
from tests.chaos.trying import Tries

_STAY = 4
_GONE = frozenset({"not_found", "not_a_participant"})


class Memberships:
    def __init__(self, crowd: Crowd, tries: Tries, chance: random.Random) -> None:
        self._crowd = crowd
        self._ledger = crowd.ledger
        self._tries = tries
        self._chance = chance
        self._out: list[tuple[Room, str]] = []

    async def remove(self, room: Room) -> None:
        person = self._somebody(room)
        if person is not None:
            await self._move(room, room.owner, person, inside=False)

    async def leave(self, room: Room) -> None:
        """For good: who leaves is not added again within a day. So some stay."""
        person = self._somebody(room)
        if person is not None and len(self._ledger.certain_members(room.id)) > _STAY:
            await self._move(room, person, person, inside=False)

    async def bring_back(self, _: Room) -> None:
        """Whoever has been out longest, of any conversation."""
        for place, (room, person) in enumerate(self._out):
            if self._tries.free(room.id):
                del self._out[place]
                await self._move(room, room.owner, person, inside=True)
                return

    async def _move(self, room: Room, actor: str, person: str, *, inside: bool) -> None:
        who = f"{person} in {room.id}"
        if room.direct or not self._tries.free(who) or not self._tries.free(room.id):
            return
        states = self._ledger.members[room.id][person]
        states.add(inside)
        path = f"/conversations/{room.id}/participants"
        rest = self._crowd.rests[actor]

        async def attempt() -> int | None:
            """The version, where the answer names it."""
            if inside:
                added = await rest.request("POST", path, {"user_ids": [person]})
                version: int = added["version"]
                return version
            await rest.request("DELETE", f"{path}/{'me' if actor == person else person}")
            return None

        self._tries.busy.add(room.id)
        try:
            answer = await self._tries.change(who, attempt)
        finally:
            self._tries.busy.discard(room.id)
        # After a try without an answer, being told that there is nobody to remove is the answer.
        gone = answer.refused is not None and answer.refused.code in _GONE and not inside
        if answer.done or (gone and answer.unsure):
            states.clear()
            states.add(inside)
            self._ledger.changed(room.id, answer.data)
            if not inside and actor != person:
                self._out.append((room, person))
        elif answer.unsure:
            self._ledger.may_have_changed(room.id)
        else:
            self._tries.expect(answer)

    async def rename(self, room: Room) -> None:
        if room.direct or not self._tries.free(room.id):
            return
        title = f"Room {self._chance.getrandbits(32):08x}"
        titles = self._ledger.titles[room.id]
        titles.add(title)
        rest = self._crowd.rests[room.owner]
        path = f"/conversations/{room.id}"
        answer = await self._tries.change(
            room.id, lambda: rest.request("PATCH", path, {"title": title})
        )
        if answer.done:
            titles.clear()
            titles.add(title)
            self._ledger.changed(room.id, answer.data["version"])
        elif answer.unsure:
            self._ledger.may_have_changed(room.id)
        else:
            self._tries.expect(answer)

    def _somebody(self, room: Room) -> str | None:
        """Not the owner: somebody has to be there who can add the others again."""
        people = [p for p in self._ledger.certain_members(room.id) if p != room.owner]
        return self._chance.choice(people) if people else None
