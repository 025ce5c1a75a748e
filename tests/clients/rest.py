"""One person's requests over HTTP."""

import asyncio
import ssl
import time
from typing import Any, Protocol

import httpx
import orjson
from django.core import signing

from config.development.instances import development_environment

Data = dict[str, Any]

_CHECK_SECONDS = 60
_OF_PROXIES = {502, 504}
"""Their answers where an instance gave none have no JSON."""
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # httpx would load all certificates each time


def token_of(user_id: str) -> str:
    """A development token of the instances that `config.development.instances` runs."""
    key = development_environment()["SECRET_KEY"]
    signer = signing.Signer(
        key=key, sep=".", salt="chat.development-token", fallback_keys=[]
    )  # without the settings of this process
    return signer.sign_object([user_id, time.time()])


def http_client(url: str, *, trust: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    """What many `Rest` of one instance share. `trust` is for a server with TLS."""
    # uvicorn closes what is idle for 5 s; a request that is just then on its way would be lost.
    limits = httpx.Limits(max_connections=8, keepalive_expiry=2)
    return httpx.AsyncClient(
        base_url=url, timeout=10, limits=limits, trust_env=False, verify=trust or _NO_TLS
    )


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail


class Http(Protocol):
    """What is used of an `httpx.AsyncClient`."""

    async def request(
        self, method: str, url: str, *, json: Any, params: Any, headers: Any
    ) -> httpx.Response: ...


class Rest:
    """One person's requests; many people share an `Http`."""

    def __init__(self, http: Http, user_id: str, token: str | None = None) -> None:
        """Without a token of its own it makes one for development."""
        self._http = http
        self._headers = {"Authorization": f"Bearer {token or token_of(user_id)}"}

    async def request(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The answer's JSON; None for an empty one. Raises Refused."""
        response = await self._http.request(
            method, f"/api/v1{path}", json=body, params=query or None, headers=self._headers
        )
        if response.status_code in _OF_PROXIES and not response.content.startswith(b"{"):
            raise Refused(response.status_code, "of_the_proxy")
        answer: Any = orjson.loads(response.content) if response.content else None
        if response.is_error:
            raise Refused(response.status_code, answer["code"], answer["detail"])
        return answer

    async def create_group(self, *participant_ids: str, title: str) -> Data:
        body = {"kind": "group", "participant_ids": participant_ids, "title": title}
        conversation: Data = await self.request("POST", "/conversations", body)
        return conversation

    async def list_conversations(self) -> dict[str, Data]:
        """The person's own list, page by page, by id."""
        found: dict[str, Data] = {}
        cursor: dict[str, str] = {}
        while True:
            page = await self.request("GET", "/conversations", limit=100, **cursor)
            found |= {item["id"]: item for item in page["items"]}
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    async def get_conversation(self, conversation_id: str) -> Data:
        conversation: Data = await self.request("GET", f"/conversations/{conversation_id}")
        return conversation

    async def add(self, conversation_id: str, user_id: str) -> None:
        path = f"/conversations/{conversation_id}/participants"
        await self.request("POST", path, {"user_ids": [user_id]})

    async def make_admin(self, conversation_id: str, user_id: str) -> None:
        path = f"/conversations/{conversation_id}/participants/{user_id}"
        await self.request("PATCH", path, {"role": "admin"})

    async def remove(self, conversation_id: str, user_id: str) -> None:
        path = f"/conversations/{conversation_id}/participants/{user_id}"
        await self.request("DELETE", path)

    async def send(self, conversation_id: str, text: str, client_id: str, **fields: Any) -> Data:
        body = {"text": text, "client_id": client_id, **fields}
        message: Data = await self.request(
            "POST", f"/conversations/{conversation_id}/messages", body
        )
        return message

    async def complete(self, attachment_id: str) -> None:
        """Complete an upload. While the file is still being checked, ask again."""
        async with asyncio.timeout(_CHECK_SECONDS):
            while not await self._completed(attachment_id):
                await asyncio.sleep(1)

    async def _completed(self, attachment_id: str) -> bool:
        try:
            await self.request("POST", f"/attachments/{attachment_id}/complete")
        except Refused as refused:
            if refused.code != "overloaded":
                raise
            return False
        return True

    async def history(self, conversation_id: str) -> list[Data]:
        """All messages, page by page."""
        messages: list[Data] = []
        more = True
        while more:
            page = await self._page(conversation_id, after=messages[-1]["seq"] if messages else 0)
            messages += page["items"]
            more = page["has_more_after"]
        return messages

    async def latest(self, conversation_id: str, *, above: int) -> list[Data]:
        """Whole pages from the latest one back, down to a message that is not above a version."""
        page = await self._page(conversation_id)
        messages: list[Data] = page["items"]
        while page["has_more_before"] and messages[0]["version"] > above:
            page = await self._page(conversation_id, before=messages[0]["seq"])
            messages = page["items"] + messages
        return messages

    async def _page(self, conversation_id: str, **where: int) -> Data:
        path = f"/conversations/{conversation_id}/messages"
        page: Data = await self.request("GET", path, limit=100, **where)
        return page
