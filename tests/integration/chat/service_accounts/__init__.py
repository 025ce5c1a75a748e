"""What service accounts do over REST."""

from collections.abc import Mapping
from typing import Any

import httpx

from tests.integration.chat import Api

GROUP: dict[str, Any] = {"kind": "group", "participant_ids": ["bob"], "owner_id": "ann"}


class ServiceApi(Api):
    """The REST API as a service account uses it, or on behalf of a person."""

    def __init__(
        self, client: httpx.AsyncClient, name: str, token: str, *, act_as: str | None = None
    ) -> None:
        self.name = name
        self.token = token
        self._act_as = act_as
        super().__init__(client, f"service:{name}" if act_as is None else act_as)

    def sign_in(self) -> None:
        self._token = self.token

    def acting_as(self, user_id: str) -> "ServiceApi":
        return ServiceApi(self.client, self.name, self.token, act_as=user_id)

    async def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        on_behalf = {} if self._act_as is None else {"Chat-Act-As": self._act_as}
        return await super().request(
            method, path, headers={**on_behalf, **(headers or {})}, **options
        )

    async def found(self, **fields: Any) -> str:
        """The id of a new group of ann and bob, which ann owns."""
        answer = await self.post("/conversations", **{**GROUP, **fields})
        assert answer.status_code in {200, 201}, answer.text
        id_: str = answer.json()["id"]
        return id_
