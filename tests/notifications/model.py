"""A simple model of what people have not read, and of what their phones show.

Nobody is connected, so that every message rings at once.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Sent:
    """A message, by its place in the conversation."""

    sender: str
    deleted: bool = False


@dataclass(slots=True)
class Room:
    """A conversation."""

    people: set[str]
    direct: bool = False
    messages: list[Sent] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)
    """The number of the message up to which each person has read."""
    shown: dict[str, int] = field(default_factory=dict)
    """The number of the message that each person's phones show."""

    @property
    def seq(self) -> int:
        return len(self.messages)

    def unread(self, person: str) -> int:
        above = self.messages[self.read.get(person, 0) :]
        return sum(1 for message in above if not message.deleted)


class Model:
    def __init__(self, rooms: dict[str, Room]) -> None:
        self.rooms = rooms
        self.blocks: set[tuple[str, str]] = set()
        """Who blocks whom."""
        self.left: set[str] = set()
        """Those who left the group on their own, whom nobody adds again today."""

    def may_send(self, person: str, room: Room) -> bool:
        return person in room.people and not (room.direct and self._blocked_between(room))

    def send(self, person: str, room: Room) -> None:
        """Sending is reading up to there; all others are rung but those who block the sender."""
        room.messages.append(Sent(person))
        for other in room.people - {person}:
            if (other, person) not in self.blocks:
                room.shown[other] = room.seq
        self.read(person, room, room.seq)

    def read(self, person: str, room: Room, seq: int) -> None:
        """Reading goes forward, and takes away what is read."""
        room.read[person] = max(seq, room.read.get(person, 0))
        if room.shown.get(person, room.seq + 1) <= room.read[person]:
            del room.shown[person]

    def may_delete(self, person: str, room: Room, seq: int) -> bool:
        owner = not room.direct and person == "ann"
        return person in room.people and (owner or room.messages[seq - 1].sender == person)

    def delete(self, room: Room, seq: int) -> None:
        """A phone that shows the message shows the latest unread one before it, or nothing."""
        room.messages[seq - 1].deleted = True
        for person in [one for one, shown in room.shown.items() if shown == seq]:
            candidates = [
                earlier
                for earlier in range(room.read.get(person, 0) + 1, seq)
                if self._concerns(person, room.messages[earlier - 1])
            ]
            if candidates:
                room.shown[person] = candidates[-1]
            else:
                del room.shown[person]

    def leave(self, person: str, room: Room) -> None:
        room.people.discard(person)
        room.shown.pop(person, None)

    def add(self, person: str, room: Room) -> None:
        """With nothing unread."""
        if person in room.people or person in self.left or (person, "ann") in self.blocks:
            return
        room.people.add(person)
        room.read[person] = room.seq

    def badge(self, person: str) -> int:
        return sum(person in room.shown for room in self.rooms.values())

    def unread_total(self, person: str) -> int:
        return sum(room.unread(person) for room in self.rooms.values() if person in room.people)

    def _concerns(self, person: str, message: Sent) -> bool:
        blocked = (person, message.sender) in self.blocks
        return not message.deleted and message.sender != person and not blocked

    def _blocked_between(self, room: Room) -> bool:
        return any({one, other} == room.people for one, other in self.blocks)
