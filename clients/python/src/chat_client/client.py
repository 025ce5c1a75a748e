"""The client of one person: builds the parts, and connects them."""

import ssl
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Self, TypeVar, overload

import httpx

from chat_client import models
from chat_client.concurrency.emitter import Events
from chat_client.concurrency.observable import Observable
from chat_client.connection.tokens import TokenSource
from chat_client.conversation import Conversation
from chat_client.core import Connection, Core
from chat_client.errors import Unreachable
from chat_client.events import ChatEvent
from chat_client.state.conversations import ConversationList
from chat_client.state.outbox import OutboxStorage, Pending

_MAX_ATTEMPTS = 5
"""How often a conversation is tried to be created."""

E = TypeVar("E")
F = TypeVar("F")
G = TypeVar("G")
T = TypeVar("T")


class ChatClient:
    """Enter it (`async with`) to connect, and to disconnect at the end. A client belongs to one
    event loop, and is not safe to use from other threads."""

    def __init__(
        self,
        url: str,
        token: TokenSource,
        *,
        outbox: OutboxStorage | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """`url` is where the server is, such as `https://chat.example.com`. `token` is a token, or
        an async function that returns one. `outbox` keeps what waits to be sent, so that it
        survives a restart: see `chat_client.stored_outbox`."""
        self._core = Core(url, token, outbox=outbox, ssl_context=ssl_context)
        self.request = self._core.rest.request
        """Sends any request of REST. `path` is below /api/v1, such as `users`. `kind` is the type
        of the answer, such as `chat_client.models.Users`. Raises ChatError."""

    async def __aenter__(self) -> Self:
        """Connect, and wait for the first `hello`. As long as the server cannot be reached, this
        goes on trying: bound it with `asyncio.timeout`. Raises NotAuthenticated or SessionEnded if
        the server refuses the token, OutboxUnusable."""
        try:
            await self.connect()
            await self.live()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    @property
    def user_id(self) -> str | None:
        """The person's id; None until the first `hello`."""
        return self._core.me or None

    @property
    def http(self) -> httpx.AsyncClient:
        """For requests to other hosts, such as the storage of files: they carry no token."""
        return self._core.rest.http

    @property
    def connection(self) -> Observable[Connection]:
        """The state of the connection."""
        return self._core.connection

    @property
    def conversations(self) -> Observable[ConversationList]:
        """The list of conversations."""
        return self._core.conversations.store

    @property
    def pending(self) -> Sequence[Pending]:
        """The messages that are not stored yet, of all conversations."""
        return self._core.outbox.items

    async def connect(self) -> None:
        """Sign the person in, without waiting for the server. Call it again to come back from
        `signed_out` or `replaced`. Raises OutboxUnusable."""
        await self._core.outbox.open()
        self._core.session.connect()

    async def live(self) -> None:
        """Wait until there is a connection. Raises a ChatError if the session has ended."""
        await self._core.session.live()

    def hurry(self) -> None:
        """Reconnect at once if the client waits: the network is back."""
        self._core.session.hurry()

    async def flush(self) -> None:
        """Wait until every waiting message is in the file of the outbox. Raises OutboxUnusable."""
        await self._core.outbox.flush()

    async def aclose(self) -> None:
        """Disconnect, and end everything. Messages that wait stay in a stored outbox."""
        core = self._core
        core.typing_teller.stop()
        core.typing.clear()
        core.activity.become(False)
        await core.session.disconnect()
        await core.outbox.aclose()
        await core.tasks.aclose()
        await core.rest.aclose()
        core.emitter.end(None)

    def conversation(self, id_: str) -> Conversation:
        """A conversation by its id."""
        return Conversation(self._core.conversations.get(id_), self._core)

    async def create_conversation(
        self,
        *participant_ids: str,
        kind: Literal["direct", "group"] = "direct",
        client_id: str | None = None,
        **fields: Any,
    ) -> Conversation:
        """Create a conversation, or return the direct one that exists. A repetition after a lost
        answer does not create another one. `fields`: `title`, `metadata`, `picture`, `posting`,
        `history`, `system_messages`. Raises ChatError."""
        body = {
            "kind": kind,
            "participant_ids": participant_ids,
            **fields,
            "client_id": client_id or uuid.uuid4().hex,
        }
        data = await self._core.rest.persist(
            "POST",
            "conversations",
            body=body,
            kind=models.Conversation,
            is_wanted=lambda attempt: attempt < _MAX_ATTEMPTS,
        )
        if data is None:
            raise Unreachable("The conversation could not be created. Try again later.")
        conversation = self._core.conversations.get(data.id)
        if conversation.model is None and self._core.me:
            self._core.conversations.begin(conversation, self._core.me)
        await self._core.loading.loaded(conversation, data)
        return Conversation(conversation, self._core)

    async def command(self, type_: str, fields: Mapping[str, Any] | None = None, /) -> Any:
        """Send any command of the socket, such as `presence.watch`, and return the `data` of its
        reply. Raises ChatError: Unreachable if there is no connection, or if it ends before the
        answer."""
        return await self._core.session.command(type_, fields)

    def now(self) -> datetime:
        """Return the server's time, as far as it is known: compare `expires_at` and `muted_until`
        with it. The clock of this machine may be wrong."""
        return self._core.rest.clock.now()

    def set_active(self, is_active: bool) -> None:
        """Tell the server whether the person looks at the app. If so, they get no pushes."""
        self._core.activity.become(is_active)

    def on(self, kind: type[E], listener: Callable[[E], object]) -> Callable[[], None]:
        """Call `listener` at every event of a kind (`object`: of all). Returns a function that ends
        this."""
        return self._core.emitter.on(kind, listener)

    @overload
    def events(self) -> Events[ChatEvent]: ...

    @overload
    def events(self, kind: type[E], /) -> Events[E]: ...

    @overload
    def events(self, kind: type[E], other: type[F], /) -> Events[E | F]: ...

    @overload
    def events(
        self, kind: type[E], other: type[F], third: type[G], /, *more: type[Any]
    ) -> Events[Any]: ...

    def events(self, *kinds: type[Any]) -> Events[Any]:
        """The events from now on, of these kinds or of all, for `async for`. The iterator ends with
        `aclose`. It raises EventsLost if 10,000 events wait to be read, and SessionEnded or
        NotAuthenticated if the server ended the session."""
        return self._core.emitter.events(kinds)
