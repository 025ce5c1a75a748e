"""Follows the events: applies them to the conversations, and tells the app."""

import contextlib
from collections.abc import Mapping
from typing import Any

from msgspec import convert

from chat_client.connection.transport import Frame
from chat_client.errors import ChatError
from chat_client.events import (
    ConversationAddedEvent,
    ConversationRemovedEvent,
    MessageChangedEvent,
    MessageEvent,
    PresenceEvent,
    ReceiptEvent,
    TypingEvent,
)
from chat_client.model.conversation import ConversationModel, News
from chat_client.model.durable import DurableEvent, durable_event
from chat_client.model.reactions import NO_REACTION, Reaction
from chat_client.models import Message, PersonPresence, Preferences, SyncedChanges
from chat_client.state.followed import Followed
from chat_client.state.parts import Parts


class Following:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def handle(self, frame: Frame) -> None:
        """Take an event. Unknown ones are ignored, unless they have a version."""
        data = frame.data or {}
        id_ = frame.conversation_id or data.get("conversation_id")
        match frame.type:
            case "restored":
                self._parts.catching_up.load_shown()
            case "presence.changed":
                person = convert(data, PersonPresence)
                event = PresenceEvent(person.user_id, person.status, person.last_active_at)
                self._parts.emitter.emit(event)
            case "conversation.added":
                self._parts.tasks.start(self._added(data["conversation"]))
            case _ if id_ is None:
                return
            case _ if frame.version is not None:
                self._durable(id_, durable_event(frame.type, frame.version, data))
            case _:
                conversation = self._parts.conversations.known(id_)
                if conversation is not None and conversation.model is not None:
                    self._soft(frame, conversation, conversation.model)

    def _soft(self, frame: Frame, conversation: Followed, model: ConversationModel) -> None:
        match frame.type:
            case "conversation.removed":
                self.ended(conversation)
            case "resync":
                self._resync(conversation, model)
            case "receipt.updated":
                self._receipt(conversation, model, frame.data)
            case "preferences.updated":
                model.own.set(convert(frame.data["preferences"], Preferences))
                self.changed(conversation)
            case "typing.started" | "typing.stopped":
                self._typing(conversation.id, frame)

    def changed(self, conversation: Followed) -> None:
        """Something was applied: close holes, and tell the news."""
        model = conversation.model
        if model is None:
            return
        for news in model.take_news():
            self._tell(conversation.id, news)
        if model.is_gone:
            self.ended(conversation)
            return
        if model.cursor.is_behind and model.syncing is None and self._parts.session.is_live:
            self._parts.syncing.sync(conversation.id, model)
        self._parts.loading.mend_soon(conversation)
        self._parts.conversations.changed(conversation)

    def keep(self, message: Message, reaction: Reaction = NO_REACTION) -> None:
        """Keep a message of a reply: it does not move the cursor."""
        conversation = self._parts.conversations.known(message.conversation_id)
        model = None if conversation is None else conversation.model
        if model is not None and model.data is not None:
            model.keep(message, reaction)
        if message.sender_id == self._parts.me:
            self._parts.outbox.settle(message)
        if conversation is not None:
            self.changed(conversation)

    def ended(self, conversation: Followed) -> None:
        """The person is no longer in it."""
        if self._parts.conversations.known(conversation.id) is None:
            return
        self._parts.catching_up.ended(conversation.id)
        self._parts.typing.clear(conversation.id)
        self._parts.reading.forget(conversation.id)
        self._parts.conversations.end(conversation)
        self._parts.emitter.emit(ConversationRemovedEvent(conversation.id))

    def synced(self, id_: str, model: ConversationModel, changes: SyncedChanges) -> None:
        """Take the answer to a sync."""
        conversation = self._parts.conversations.get(id_)
        if conversation.model is not model:
            return
        if changes.status == "forbidden":
            self.ended(conversation)
        elif changes.status == "reset":
            self.reload_soon(conversation)
        else:
            model.apply_changes(changes)
            self.changed(conversation)

    def reload_soon(self, conversation: Followed) -> None:
        """Discard the copy of a conversation, and load it."""
        self._parts.conversations.begin(conversation, self._parts.me)
        self._parts.tasks.start(self._parts.loading.load(conversation))

    async def _added(self, data: Mapping[str, Any]) -> None:
        id_, place = data["id"], (data["version"], data["seq"])
        conversation = self._parts.conversations.get(id_)
        if conversation.model is not None and conversation.model.joined_at == place:
            return  # repeated: its messages were told
        self._parts.conversations.begin(conversation, self._parts.me)
        if conversation.model is not None:
            conversation.model.joined_at = place
        with contextlib.suppress(ChatError):
            await self._parts.loading.load(conversation)
        if conversation.model is not None:
            self._parts.emitter.emit(ConversationAddedEvent(id_))

    def _durable(self, id_: str, event: DurableEvent) -> None:
        conversation = self._parts.conversations.get(id_)
        if conversation.model is None:  # one that `hello` left out for their number
            self.reload_soon(conversation)
        model = conversation.model
        if model is None:
            return
        model.receive(event)
        is_my_end = event.type == "participant.removed" and any(
            one.user_id == self._parts.me for one in event.data.participants
        )
        if is_my_end and model.data is None:
            self.ended(conversation)
        else:
            self.changed(conversation)

    def _resync(self, conversation: Followed, model: ConversationModel) -> None:
        model.cursor.must_sync()
        # Also while another sync is on its way, which may have been answered before the change.
        if model.data is not None and self._parts.session.is_live:
            self._parts.syncing.sync(conversation.id, model)
        if conversation.shows > 0:
            self._parts.tasks.start(self._parts.loading.receipts(conversation))

    def _receipt(self, conversation: Followed, model: ConversationModel, data: Any) -> None:
        user_id, read_seq, delivered = data["user_id"], data["read_seq"], data["delivered_seq"]
        model.positions.moved(user_id, read_seq, delivered)
        if user_id == self._parts.me:
            marked = data.get("marked_unread", model.positions.marked_unread)
            model.moved_elsewhere(read_seq, marked)
        self._parts.conversations.changed(conversation)
        self._parts.emitter.emit(ReceiptEvent(conversation.id, user_id, read_seq, delivered))

    def _typing(self, id_: str, frame: Frame) -> None:
        user_id = frame.data["user_id"]
        if user_id == self._parts.me:
            return
        is_typing = frame.type == "typing.started"
        if is_typing:
            self._parts.typing.started(id_, user_id, frame.at, frame.data["expires_at"])
        else:
            self._parts.typing.stopped(id_, user_id)
        self._parts.emitter.emit(TypingEvent(id_, user_id, is_typing))

    def _tell(self, id_: str, news: News) -> None:
        message = news.message
        if message.sender_id == self._parts.me:
            self._parts.outbox.settle(message)
        elif news.is_new:
            self._parts.activity.arrived(id_, message.seq)
        if news.is_new:
            self._parts.typing.stopped(id_, message.sender_id)
            self._parts.emitter.emit(MessageEvent(id_, message))
        else:
            self._parts.emitter.emit(MessageChangedEvent(id_, message))
