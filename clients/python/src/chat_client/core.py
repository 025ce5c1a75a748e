"""The parts of a client, connected: what each of them tells the others."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import convert

from chat_client.concurrency.emitter import Emitter
from chat_client.concurrency.observable import Store
from chat_client.concurrency.tasks import Tasks
from chat_client.connection.rest import Rest
from chat_client.connection.session import Session
from chat_client.connection.tokens import Tokens, TokenSource
from chat_client.connection.transport import Frame
from chat_client.errors import ChatError, TooLarge, Unreachable
from chat_client.events import ConnectionEvent, ConnectionState, SendFailedEvent
from chat_client.models import Conversation, Message
from chat_client.state.conversations import Conversations
from chat_client.state.followed import Followed
from chat_client.state.outbox import Outbox, OutboxStorage, Pending
from chat_client.state.parts import Parts
from chat_client.sync.activity import Activity
from chat_client.sync.catching_up import CatchingUp
from chat_client.sync.following import Following
from chat_client.sync.loading import Loading
from chat_client.sync.reading import Reading
from chat_client.sync.syncing import Syncing
from chat_client.sync.typing_indicators import TypingIndicators, TypingTeller

_ENVELOPE = 100
"""The size of a frame without the fields of a message, in bytes."""


@dataclass(frozen=True, slots=True)
class Connection:
    state: ConnectionState
    degraded: bool
    """Whether events may arrive some seconds late."""
    code: int | None
    """The code of the latest close."""


class Core(Parts):
    def __init__(
        self,
        url: str,
        token: TokenSource,
        *,
        outbox: OutboxStorage | None,
        ssl_context: ssl.SSLContext | None,
    ) -> None:
        tokens, user_id = Tokens(token), None if outbox is None else outbox.user_id
        self.tasks = Tasks()
        self.emitter = Emitter()
        self.rest = Rest(url, tokens, ssl_context=ssl_context, on_revoked=self._revoked)
        self.session = Session(
            *(url, tokens, self.tasks, self, self.rest.clock),
            ssl_context=ssl_context,
            only_user_id=user_id,
        )
        self.typing = TypingIndicators(self._changed)
        self.typing_teller = TypingTeller(self.session.command, self.tasks)
        self.outbox = Outbox(self, self.tasks, self._changed, outbox)
        self.conversations = Conversations(
            lambda id_: Followed(id_, self.outbox.of, self.typing.people, self.rest.clock.now)
        )
        self.activity = Activity(self.session.command, self.tasks, self._unread)
        self.following = Following(self)
        self.loading = Loading(self)
        self.syncing = Syncing(self)
        self.reading = Reading(self)
        self.catching_up = CatchingUp(self)
        self.connection = Store(self._connection_snapshot)
        self._frame_bytes: float = float("inf")
        self._state: ConnectionState = "signed_out"

    @property
    def is_live(self) -> bool:
        return self.session.is_live

    def received(self, frame: Frame) -> None:
        """The socket got an event."""
        if frame.type == "hello":
            self._welcomed(frame.data)
        else:
            self.following.handle(frame)

    def late(self, data: Any) -> None:
        """The socket got a reply that nobody waits for any more."""
        if isinstance(data, dict) and "message" in data:
            self.following.keep(convert(data["message"], Message))

    def lost(self) -> None:
        """The socket has ended."""
        for conversation in self.conversations.all:
            if conversation.model is not None:
                conversation.model.syncing = None
                conversation.model.cursor.disconnected()

    def state_changed(self) -> None:
        """The connection has another state."""
        self.connection.changed()
        state = self.session.state
        if state != self._state:
            self._state = state
            if state == "connecting":
                self.emitter.begin()
            self.emitter.emit(ConnectionEvent(state))
            if self.session.ended is not None:
                self.emitter.end(self.session.ended)
                self.outbox.end(self.session.ended)

    async def carry(self, item: Pending) -> Message:
        """Send a message. Raises ChatError."""
        fields = {
            "conversation_id": item.conversation_id,
            "client_id": item.client_id,
            **item.fields,
        }
        if len(msgspec.json.encode(fields)) + _ENVELOPE > self._frame_bytes:
            text = f"The message is larger than {self._frame_bytes:.0f} bytes."
            raise TooLarge(text, code="payload_too_large", status=413)
        answer = await self.session.command("message.send", fields)
        try:
            message = convert(answer["message"], Message)
        except (KeyError, TypeError, msgspec.ValidationError) as error:
            text = "The server gave no readable answer."
            raise Unreachable(text, code="unreadable") from error
        self.following.keep(message)
        return message

    def failed(self, item: Pending, error: ChatError) -> None:
        """The server refused a message for good."""
        self.emitter.emit(SendFailedEvent(item.conversation_id, item.client_id, error))

    def _welcomed(self, hello: Mapping[str, Any]) -> None:
        user_id = hello["user_id"]
        if self.me and self.me != user_id:
            self.reading.forget()
            self.catching_up.forget()
            self.outbox.discard_all()
        self.me = user_id
        limits = hello["limits"]
        self._frame_bytes = limits.get("frame_bytes", float("inf"))
        if "sync_conversations" in limits:
            self.syncing.allow(limits["sync_conversations"])
        self.catching_up.compare(hello)
        self.outbox.resume()
        self.reading.resume()
        self.activity.resume()

    def _revoked(self, error: ChatError) -> None:
        self.tasks.start(self.session.disconnect(error))

    def _unread(self) -> Sequence[Conversation]:
        items = self.conversations.store.snapshot.items
        return [one for one in items if one.unread_count > 0]

    def _changed(self, conversation_id: str) -> None:
        self.conversations.get(conversation_id).changed()

    def _connection_snapshot(self) -> Connection:
        return Connection(self.session.state, self.session.degraded, self.session.code)
