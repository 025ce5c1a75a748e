"""A channel where people also mention, edit, delete and react, and what must come of it."""

import random
from collections import defaultdict
from dataclasses import dataclass, field

from tests.acceptance import irc
from tests.acceptance.channel import Channel
from tests.clients.client import Client
from tests.clients.rest import Data, Refused

EMOJI = ("👍", "❤️", "😂", "party_parrot")
_RECENT = 20
_RECENT_OWN = 5


@dataclass(slots=True)
class Written:
    """A message as its author wants it, and as others reacted to it."""

    id: str
    sender_id: str
    text: str
    mentions: tuple[str, ...]
    edits: int = 0
    deleted: bool = False
    """Also while the deletion is on its way."""
    reactions: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The emojis of each person."""

    def counts(self) -> dict[str, int]:
        emojis = [emoji for own in self.reactions.values() for emoji in own]
        return {emoji: emojis.count(emoji) for emoji in set(emojis)}


@dataclass(slots=True)
class LivelyChannel(Channel):
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    written: list[Written] = field(default_factory=list)
    """In the order in which they were acknowledged."""
    by_sender: dict[str, list[Written]] = field(default_factory=lambda: defaultdict(list))
    acts: int = 0
    """The changes of messages."""

    async def say(self, number: int, person: Client, text: str) -> Data:
        """Send the text, mention its addressee, and change this message or others."""
        nick = irc.addressee(text)
        mentions = [self.user_id(nick)] if nick in self.people else []
        try:
            message = await self.send(number, person, text, mentions=mentions)
        except Refused as refused:  # they are not there
            if refused.code != "invalid_request" or not mentions:
                raise
            mentions = []
            message = await self.send(number, person, text, mentions=mentions)
        one = Written(message["id"], person.user_id, text, tuple(mentions))
        self.written.append(one)
        self.by_sender[person.user_id].append(one)
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            what = self.chance.choices((self._edit, self._delete, self._react), (3, 1, 6))[0]
            await what(person)
        return message

    async def _edit(self, person: Client) -> None:
        own = [one for one in self.by_sender[person.user_id] if not one.deleted]
        if not own:
            return
        one = self.chance.choice(own[-_RECENT_OWN:])
        one.edits += 1
        one.text = f"{one.text} (edit {one.edits})"
        await self._act(person, "message.edit", "PATCH", one, {"text": one.text})
        self._count()

    async def _delete(self, person: Client) -> None:
        own = [one for one in self.by_sender[person.user_id] if not one.deleted]
        if not own:
            return
        one = self.chance.choice(own[-_RECENT_OWN:])
        one.deleted = True
        await self._act(person, "message.delete", "DELETE", one)
        self._count()

    async def _react(self, person: Client) -> None:
        """Give a reaction to a recent message, or take one back; sometimes nothing changes."""
        there = [one for one in self.written[-_RECENT:] if not one.deleted]
        if not there:
            return
        one = self.chance.choice(there)
        emoji = self.chance.choice(EMOJI)
        own = one.reactions[person.user_id]
        added = self.chance.random() < 0.7
        kind, method = ("reaction.add", "PUT") if added else ("reaction.remove", "DELETE")
        try:
            await self._act(person, kind, method, one, None, f"/reactions/{emoji}", emoji=emoji)
        except Refused as refused:
            if refused.code == "message_not_found" and one.deleted:
                return
            raise
        if added is not (emoji in own):
            self._count()
        (own.add if added else own.discard)(emoji)

    async def _act(
        self,
        person: Client,
        kind: str,
        method: str,
        one: Written,
        body: Data | None = None,
        below: str = "",
        **fields: str,
    ) -> None:
        """By the socket or by REST."""
        if self.chance.random() < 0.5:
            path = f"/conversations/{self.conversation_id}/messages/{one.id}{below}"
            await person.rest.request(method, path, body)
        else:
            where = {"conversation_id": self.conversation_id, "message_id": one.id}
            await person.command(kind, **where, **(body or {}), **fields)

    def _count(self) -> None:
        self.version += 1
        self.acts += 1

    def check_store(self) -> None:
        """The store has what was acknowledged."""
        assert len(self.history) == len(self.written)
        stored = {message["id"]: message for message in self.history}
        for sender_id, own in self.by_sender.items():
            sent = [message["id"] for message in self.history if message["sender_id"] == sender_id]
            assert sent == [one.id for one in own]
        for one in self.written:
            message = stored[one.id]
            counts = {emoji: each["count"] for emoji, each in message["reactions"].items()}
            assert (message["deleted_at"] is not None) is one.deleted
            assert message["text"] == (None if one.deleted else one.text)
            assert message["mentions"] == ([] if one.deleted else list(one.mentions))
            assert counts == ({} if one.deleted else one.counts())
            if not one.deleted:
                assert (message["edited_at"] is not None) is (one.edits > 0)

    async def check_clients(self) -> None:
        """The clients of all participants hold the state of the store, with its unread counts."""
        true = {message["id"]: _for_all(message) for message in self.history}
        conversation = await self.doors[0].rest.get_conversation(self.conversation_id)
        people = {person["user_id"] for person in conversation["participants"]}
        for client in self.clients:
            if client.user_id not in self.inside:
                continue
            known = client.conversations[self.conversation_id]
            for id_, message in known.messages.items():
                assert _for_all(message) == true[id_], client.user_id
            above = {one["id"] for one in self.history if one["seq"] > known.floor_seq}
            assert above <= known.messages.keys(), client.user_id
            assert known.title == conversation["title"]
            assert known.people in (None, people)
            assert known.uncounted == {
                seq for first, last in conversation["uncounted"] for seq in range(first, last + 1)
            }
            own = await client.rest.get_conversation(self.conversation_id)
            unread = client.unread(self.conversation_id, own["read_seq"])
            assert own["unread_count"] == unread, client.user_id
            assert own["mentioned_seq"] == self._mentioned(client.user_id, own), client.user_id

    def _mentioned(self, user_id: str, own: Data) -> int | None:
        """The latest mention since the person joined, if it is unread and not deleted."""
        (joined,) = (
            person["joined_version"]
            for person in own["participants"]
            if person["user_id"] == user_id
        )
        naming = {
            one.id for one in self.written if user_id in one.mentions and one.sender_id != user_id
        }
        found = [
            message
            for message in self.history
            if message["id"] in naming and message["created_version"] > joined
        ]
        if not found or found[-1]["deleted_at"] is not None:
            return None
        seq: int = found[-1]["seq"]
        return seq if seq > own["read_seq"] else None

    async def check_reactions(self) -> None:
        """The list of a reaction names everybody who gave it."""
        there = [one for one in self.written if not one.deleted]
        one = max(there, key=lambda one: sum(one.counts().values()))
        for emoji in one.counts():
            path = f"/conversations/{self.conversation_id}/messages/{one.id}/reactions/{emoji}"
            page = await self.doors[0].rest.request("GET", path, limit=100)
            assert {item["user_id"] for item in page["items"]} == {
                user_id for user_id, own in one.reactions.items() if emoji in own
            }


def _for_all(message: Data) -> Data:
    """Return the fields that are the same for all people."""
    return {name: value for name, value in message.items() if name != "my_reactions"}
