"""A service account: what a team's own back end does, over REST alone."""

import ssl
import uuid
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, Literal, Self
from urllib.parse import quote

from chat_client.api import Api
from chat_client.concurrency.repeating import repeated
from chat_client.connection.rest import Rest, conversation_path
from chat_client.connection.tokens import Tokens, TokenSource
from chat_client.models import Conversation, Message, User


class ChatService(Api):
    """Enter it (`async with`) to end its connections at the end. Each method says the scope that it
    needs; without it, PermissionDenied with the code `scope_missing` is raised."""

    def __init__(
        self, url: str, token: TokenSource, *, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        """`url` is where the server is. `token` is that of the service account: `svc_…`."""
        super().__init__(Rest(url, Tokens(token), ssl_context=ssl_context))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._rest.aclose()

    def as_user(self, user_id: str) -> Api:
        """Act on behalf of a person (`act_as`)."""
        return Api(self._rest.acting({"Chat-Act-As": user_id}))

    async def send_event(
        self,
        conversation_id: str,
        event: str,
        *,
        text: str = "",
        metadata: Mapping[str, Any] | None = None,
        client_id: str | None = None,
    ) -> Message:
        """Send a system message, which reports an event of your own, such as `order.shipped`
        (`send`). `client_id`: as in `send`."""
        body = {
            "kind": "system",
            "text": text,
            "metadata": {**(metadata or {}), "event": event},
            "client_id": client_id or uuid.uuid4().hex,
        }
        return await self._repeated("POST", (conversation_id, "messages"), Message, body)

    async def create_conversation(
        self,
        *participant_ids: str,
        owner_id: str,
        kind: Literal["direct", "group"] = "group",
        client_id: str | None = None,
        **fields: Any,
    ) -> Conversation:
        """Create a group that `owner_id` owns, or the direct conversation of two people (`manage`).
        `fields`: `title`, `metadata`, `picture`, `posting`, `history`, `system_messages`. With a
        `client_id` of your own, another call returns the same conversation."""
        body = {
            **fields,
            "kind": kind,
            "owner_id": owner_id,
            "participant_ids": participant_ids,
            "client_id": client_id or uuid.uuid4().hex,
        }
        return await self._repeated("POST", (), Conversation, body)

    async def update_conversation(self, conversation_id: str, **fields: Any) -> Conversation:
        """Change the `title`, the `metadata`, the `picture`, `posting`, `history` or `frozen`
        (`manage`)."""
        return await self._repeated("PATCH", (conversation_id,), Conversation, fields)

    async def delete_conversation(self, conversation_id: str) -> None:
        """Remove everybody from a group, and delete it (`manage`)."""
        await self._repeated("DELETE", (conversation_id,), NoneType)

    async def add_participants(
        self, conversation_id: str, *user_ids: str, role: str = "member"
    ) -> Sequence[str]:
        """Add people (`manage`). Returns the ids of the named people who are in the conversation
        now. People whose settings do not allow it are left out."""
        body = {"user_ids": user_ids, "role": role}
        where = (conversation_id, "participants")
        conversation = await self._repeated("POST", where, Conversation, body)
        return conversation.added or ()

    async def set_role(self, conversation_id: str, user_id: str, role: str) -> None:
        """`owner`, `admin` or `member` (`manage`)."""
        where = (conversation_id, "participants", user_id)
        await self._repeated("PATCH", where, dict[str, Any], {"role": role})

    async def remove_participant(self, conversation_id: str, user_id: str) -> None:
        """Remove a person (`manage`). Raises NotFound if the person is not in the conversation."""
        path = conversation_path(conversation_id, "participants", user_id)
        await self.request("DELETE", path)

    async def set_profile(self, user_id: str, **profile: str | None) -> User:
        """Set the `name`, the `picture`, or both, of a person or of the service (`manage`)."""
        path = f"users/{quote(user_id, safe='')}"
        return await repeated(lambda: self.request("PUT", path, body=profile, kind=User))
