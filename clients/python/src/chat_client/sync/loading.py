"""Loads conversations, their messages and read positions over REST, until there is an answer."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from chat_client.connection.rest import conversation_path
from chat_client.errors import ChatError
from chat_client.model.conversation import ConversationModel
from chat_client.models import Conversation, MessagePage, Receipts
from chat_client.state.followed import Followed
from chat_client.state.parts import Parts

_MAX_IDS = 100
"""How many messages one request may name."""

T = TypeVar("T")


class Loading:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._loads: set[ConversationModel] = set()
        """What is loaded now."""

    async def load(self, conversation: Followed) -> None:
        """Load a conversation that has begun anew, and what is shown of it."""
        model = conversation.model
        if model is None or model in self._loads:
            return
        self._loads.add(model)
        try:
            data = await self._get(conversation, Conversation)
        finally:
            self._loads.discard(model)
        if data is not None:
            await self.loaded(conversation, data)

    async def loaded(self, conversation: Followed, data: Conversation) -> None:
        """Take the object of a conversation that has begun anew."""
        if conversation.model is None or conversation.model.data is not None:
            return
        conversation.model.load(data)
        conversation.loaded()
        self._parts.following.changed(conversation)
        await self.show(conversation)

    async def show(self, conversation: Followed) -> None:
        """Load what is shown of a conversation, if it is shown."""
        model = conversation.model
        if model is None or model.data is None or conversation.shows == 0:
            return
        is_open = model.history.is_open
        work = [*self._mending(conversation)] if is_open else [self.page(conversation)]
        if model.data.participants is None:
            work.append(self._own(conversation))
        await asyncio.gather(*work, self.receipts(conversation))

    def mend_soon(self, conversation: Followed) -> None:
        """Load what the events left open, in the background."""
        for work in self._mending(conversation):
            self._parts.tasks.start(work)

    def _mending(self, conversation: Followed) -> Iterator[Coroutine[Any, Any, None]]:
        """What holds for the person alone, and of a shown conversation the positions of new people
        and the person's reactions."""
        model = conversation.model
        if model is None or model.data is None:
            return
        if model.own.take_doubt():
            yield self._own(conversation)
        if conversation.shows > 0:
            if ids := model.take_unsure_reactions():
                yield self._messages(conversation, ids)
            if model.has_new_people:
                yield self.receipts(conversation)

    async def page(self, conversation: Followed) -> None:
        """Load the latest page of messages, or the page before the loaded messages."""
        if conversation.paging is None:
            paging = asyncio.ensure_future(self._page(conversation))
            conversation.paging = paging

            def over(_: object) -> None:
                if conversation.paging is paging:
                    conversation.paging = None

            paging.add_done_callback(over)
        await asyncio.shield(conversation.paging)

    async def _page(self, conversation: Followed) -> None:
        model = conversation.model
        if model is None:
            return
        model.history.will_open()
        query = {"before": model.history.first_seq}
        page = await self._get(conversation, MessagePage, "messages", query=query)
        if page is None:
            return
        model.add_page(page)
        if conversation.shows == 0:
            model.history.trim()
        for message in page.items:
            if message.sender_id == self._parts.me:
                self._parts.outbox.settle(message)
        self._parts.following.changed(conversation)

    async def receipts(self, conversation: Followed) -> None:
        """Load the read positions of everyone."""
        model = conversation.model
        if model is None:
            return
        model.has_new_people = False
        answer = await self._get(conversation, Receipts, "receipts")
        if answer is not None:
            for one in answer.items:
                model.positions.moved(one.user_id, one.read_seq, one.delivered_seq)
            self._parts.following.changed(conversation)

    async def _own(self, conversation: Followed) -> None:
        """Load the whole object: it has all people, and what holds for the person."""
        model = conversation.model
        if model is None:
            return
        changes = model.own.changes
        data = await self._get(conversation, Conversation)
        if data is not None:
            model.merge(data, changes)
            self._parts.following.changed(conversation)

    async def _messages(self, conversation: Followed, ids: Sequence[str]) -> None:
        """Load messages again."""
        model = conversation.model
        for start in range(0, len(ids), _MAX_IDS):
            query = {"ids": ",".join(ids[start : start + _MAX_IDS])}
            answer = await self._get(conversation, MessagePage, "messages", query=query)
            if answer is not None and model is not None:
                for message in answer.items:
                    model.keep(message)
        self._parts.following.changed(conversation)

    async def _get(
        self,
        conversation: Followed,
        kind: type[T],
        *path: str,
        query: Mapping[str, object] | None = None,
    ) -> T | None:
        """Return None if the answer is no longer wanted: the conversation began anew meanwhile, or
        the person is not in it."""
        model = conversation.model

        def is_wanted(_: int) -> bool:
            return model is not None and conversation.model is model

        where = conversation_path(conversation.id, *path)
        rest = self._parts.rest
        try:
            return await rest.persist("GET", where, kind=kind, is_wanted=is_wanted, query=query)
        except ChatError as error:
            if is_wanted(0) and error.status in {403, 404}:
                self._parts.following.ended(conversation)
            return None
