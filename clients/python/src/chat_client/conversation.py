"""What a person sees of one conversation, and what they can do in it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypedDict, Unpack

from msgspec import convert

from chat_client.connection.rest import conversation_path
from chat_client.errors import InvalidRequest
from chat_client.model.reactions import NO_REACTION, Reaction
from chat_client.models import Message, Participant, Pins, Preferences
from chat_client.state.followed import ConversationSnapshot, Followed
from chat_client.state.parts import Parts


class MessageFields(TypedDict, total=False):
    """What a message may have besides its text."""

    reply_to: str
    """The id of the message that this one answers."""
    mentions: Sequence[str]
    """User ids."""
    mentions_all: bool
    metadata: Mapping[str, Any] | None
    attachments: Sequence[str]
    """Ids of completed attachments: see `chat_client.files`."""


class PreferenceFields(TypedDict, total=False):
    """One's own settings in a conversation."""

    muted_until: datetime | None
    notify: str
    pinned: bool
    archived: bool


class Conversation:
    """An observable: `subscribe` and `snapshot`."""

    def __init__(self, followed: Followed, parts: Parts) -> None:
        self.id = followed.id
        self._followed = followed
        self._parts = parts

    @property
    def snapshot(self) -> ConversationSnapshot:
        return self._followed.store.snapshot

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call `listener` after every change. Returns a function that ends this. Until then, the
        conversation is kept, also if the app holds no reference to it."""
        return self._parts.conversations.subscribe(self._followed, listener)

    async def open(self) -> None:
        """Show the conversation: load its latest messages and read positions, and keep them.
        Returns when they are there; waits for the connection, and over reconnects. Raises the
        refusal of the server (NotFound, PermissionDenied), and SessionEnded if the client is not
        connected, or if the session ends. The conversation is open also after an error: it is shown
        as soon as it is there, until `close`."""
        self._followed.shows += 1
        await self._parts.loading.ready(self._followed, anew=True)

    def close(self) -> None:
        """End one `open`, also one that raised. When the last one has ended, only the latest
        messages are kept."""
        followed = self._followed
        followed.shows = max(0, followed.shows - 1)
        if followed.shows == 0:
            if followed.model is not None:
                followed.model.history.trim()
            followed.changed()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[ConversationSnapshot]:
        """Keep the conversation open in this block. Raises as `open` does."""
        try:
            await self.open()
            yield self.snapshot
        finally:
            self.close()

    async def load_older(self) -> None:
        """Load the messages before those here; the latest ones if none are here. Before the
        conversation is loaded, this waits as `open` does. Raises as `open` does."""
        await self._parts.loading.ready(self._followed, older=True)

    def send(self, text: str, **fields: Unpack[MessageFields]) -> "asyncio.Future[Message]":
        """Send a message, now or as soon as there is a connection. Until it is stored, it is among
        `pending`. The future is the message as stored; it need not be awaited, and cancelling it
        does not take the message back. It raises SessionEnded if the session ends before; the
        message still waits then. Raises OutboxFull, InvalidRequest."""
        return self._parts.outbox.add(self.id, {"text": text, **fields})

    def retry(self, client_id: str) -> None:
        """Send a refused message again."""
        self._parts.outbox.retry(client_id)

    def discard(self, client_id: str) -> None:
        """Forget a waiting or refused message."""
        self._parts.outbox.discard(client_id)

    async def edit(
        self, message_id: str, text: str | None = None, **fields: Mapping[str, Any] | None
    ) -> Message:
        """Change the text, the `metadata`, or both. Raises ChatError."""
        changes = {**fields} if text is None else {"text": text, **fields}
        answer = await self._act("message.edit", {"message_id": message_id, **changes})
        return self._kept(answer["message"])

    async def delete(self, message_id: str) -> None:
        """Delete a message for everybody."""
        await self._act("message.delete", {"message_id": message_id})

    def read(self, seq: int | None = None) -> None:
        """The person has read up to this message, or to the latest one. It is shown at once; before
        the conversation is loaded, as soon as it is."""
        model = self._followed.model
        if model is None or model.data is None:
            self._parts.tasks.start(self._read_later(seq))
            return
        seq = model.seq if seq is None else seq
        clear = model.positions.marked_unread is not None
        if seq <= model.positions.read_seq and not clear:
            return
        model.positions.want(seq)
        model.positions.marked_unread = None
        self._parts.reading.read(self.id, seq, clear=clear)
        self._parts.following.changed(self._followed)

    async def mark_unread(self, seq: int | None = None) -> None:
        """Mark the conversation as unread from this message on, for me alone. Without `seq`: from
        the latest one on; before the conversation is loaded, this waits and raises as `open` does.
        Raises InvalidRequest if there is no message."""
        if seq is None:
            seq = (await self._parts.loading.ready(self._followed)).seq
        if seq == 0:
            text = "The conversation is empty."
            raise InvalidRequest(text, code="invalid_request", status=400)
        model = self._followed.model
        await self._request("PUT", "unread", body={"seq": seq})
        if model is not None:
            model.moved_elsewhere(model.positions.read_seq, seq)
            self._parts.following.changed(self._followed)

    async def react(self, message_id: str, emoji: str) -> Message:
        """Add a reaction of mine."""
        return await self._react("reaction.add", message_id, emoji)

    async def unreact(self, message_id: str, emoji: str) -> Message:
        """Take back a reaction of mine."""
        return await self._react("reaction.remove", message_id, emoji)

    async def pin(self, message_id: str) -> Message:
        """Pin a message for everybody."""
        return self._kept(await self._request("PUT", "messages", message_id, "pin"))

    async def unpin(self, message_id: str) -> Message:
        return self._kept(await self._request("DELETE", "messages", message_id, "pin"))

    async def pins(self) -> Sequence[Message]:
        """Return the pinned messages, the latest pin first."""
        return convert(await self._request("GET", "pins"), Pins).items

    async def set_preferences(self, **changes: Unpack[PreferenceFields]) -> Preferences:
        """Change my own settings here: archive, pin or mute the conversation."""
        answer = await self._request("PATCH", "preferences", body=changes)
        preferences = convert(answer, Preferences)
        if self._followed.model is not None:
            self._followed.model.own.set(preferences)
            self._parts.following.changed(self._followed)
        return preferences

    async def add_participants(self, *user_ids: str, role: str = "member") -> Sequence[Participant]:
        """Add people, and return all participants."""
        body = {"user_ids": user_ids, "role": role}
        answer = await self._request("POST", "participants", body=body)
        return convert(answer["participants"] or [], list[Participant])

    async def remove_participant(self, user_id: str) -> None:
        """`me` leaves the conversation."""
        await self._request("DELETE", "participants", user_id)

    def typing(self) -> None:
        """Call this at every change of the text that the person writes."""
        self._parts.typing_teller.typing(self.id)

    def stop_typing(self) -> None:
        """The person no longer writes."""
        self._parts.typing_teller.stop()

    async def _read_later(self, seq: int | None) -> None:
        await self._parts.loading.ready(self._followed)
        self.read(seq)

    async def _react(self, type_: str, message_id: str, emoji: str) -> Message:
        answer = await self._act(type_, {"message_id": message_id, "emoji": emoji})
        reaction = Reaction(self._parts.me, emoji, added=type_ == "reaction.add")
        return self._kept(answer["message"], reaction)

    def _kept(self, data: Any, reaction: Reaction = NO_REACTION) -> Message:
        """Keep a message of a reply."""
        message = convert(data, Message)
        self._parts.following.keep(message, reaction)
        return message

    async def _request(self, method: str, *path: str, body: object = None) -> Any:
        where = conversation_path(self.id, *path)
        return await self._parts.rest.request(method, where, body=body)

    async def _act(self, type_: str, fields: Mapping[str, Any]) -> Any:
        """Send a command as soon as there is a connection, until there is a final answer."""
        session = self._parts.session
        while True:
            await session.live()
            answer = await session.persist(type_, lambda: {"conversation_id": self.id, **fields})
            if answer is not None:
                return answer
