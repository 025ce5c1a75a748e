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
        self._loads: dict[ConversationModel | Followed, asyncio.Task[None]] = {}
        """By what is being loaded: a model, or a conversation without one."""

    async def ready(
        self, conversation: Followed, *, anew: bool = False, older: bool = False
    ) -> ConversationModel:
        """Wait until a conversation is loaded, and what is shown of it; also for a connection.
        `anew` loads what is shown again. `older` loads the page before it, or the latest one.
        Raises a refusal, SessionEnded."""
        work = self._parts.tasks.start(self._ready(conversation, anew=anew, older=older))
        over = self._parts.tasks.start(self._parts.session.over())
        try:
            await asyncio.wait({work, over}, return_when=asyncio.FIRST_COMPLETED)
            is_missing = older or not work.done() or work.cancelled()
            if self._parts.session.is_over and is_missing:
                raise await self._parts.session.over()
            return work.result()
        finally:
            work.cancel()
            over.cancel()

    async def _ready(self, conversation: Followed, *, anew: bool, older: bool) -> ConversationModel:
        while True:
            model = conversation.model
            if model is not None and model.data is not None and not anew:
                history = model.history
                if history.is_open or conversation.shows == 0:
                    if older and (history.has_older or not history.is_open):
                        await self.page(conversation)
                    return model
            await self._parts.session.live()
            await self.load(conversation)
            anew = False

    async def load(self, conversation: Followed) -> None:
        """Load a conversation, unless it is loaded, and what is shown of it."""
        place = conversation if conversation.model is None else conversation.model
        loading = self._loads.get(place)
        if loading is None:
            loading = self._loads[place] = self._parts.tasks.start(self._load(conversation))
            loading.add_done_callback(lambda _: self._loads.pop(place, None))
        await asyncio.shield(loading)

    async def _load(self, conversation: Followed) -> None:
        if conversation.model is not None and conversation.model.data is not None:
            await self.show(conversation)
            return
        data = await self._get(conversation, Conversation)
        if data is not None:
            await self.loaded(conversation, data)

    async def loaded(self, conversation: Followed, data: Conversation) -> None:
        """Take the object of a conversation that has begun anew, or that `hello` did not name:
        there are too many, or it is of this moment."""
        model, me = conversation.model, self._parts.me
        if model is None and me:
            model = self._parts.conversations.begin(conversation, me)
            model.cursor.must_sync()  # a sync makes it live
        if model is not None and model.data is None:
            model.load(data)
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
        """Load the person's own state. Of a shown conversation, also load the positions of new
        people and the person's reactions."""
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
            paging = self._parts.tasks.start(self._page(conversation))
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
        the session has ended. Raises a refusal."""
        model = conversation.model

        def is_wanted(_: int) -> bool:
            return conversation.model is model and not self._parts.session.is_over

        where = conversation_path(conversation.id, *path)
        rest = self._parts.rest
        try:
            return await rest.persist("GET", where, kind=kind, is_wanted=is_wanted, query=query)
        except ChatError as error:
            if not is_wanted(0):
                return None
            if model is not None and error.status in {403, 404}:
                self._parts.following.ended(conversation)
            raise
