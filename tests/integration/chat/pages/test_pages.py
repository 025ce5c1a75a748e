"""What a browser asks for beside the API."""

from typing import Any

import httpx
import pytest
from asgiref.sync import SyncToAsync

from chat.handler import Handler
from tests.integration.chat import Api


@pytest.mark.parametrize(
    ("path", "place"), [("/admin", "/admin/"), ("/favicon.ico", "/static/chat/demo/icon.svg")]
)
async def test_where_a_browser_is_sent(ann: Api, path: str, place: str) -> None:
    """To the address that was meant, and to the icon of all pages that name none."""
    answer = await ann.client.get(f"http://testserver{path}")

    assert answer.status_code == 302
    assert httpx.URL(answer.headers["Location"]).path == place


async def test_what_may_be_done_has_no_type(ann: Api) -> None:
    """There is nothing in it that could have one."""
    answer = await ann.request("OPTIONS", "/me")

    assert answer.status_code == 204
    assert "Content-Type" not in answer.headers


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    "path", ["/wp-login.php", "/.env", "/adminer", "/static/no.css", "/static/../.env", "/%00"]
)
async def test_a_path_that_does_not_exist_meets_no_middleware_of_the_pages(
    settings: Any, monkeypatch: pytest.MonkeyPatch, path: str, debug: bool
) -> None:
    """Each of which would hop to a thread, with DEBUG too."""
    application: Any = Handler()
    settings.DEBUG = debug

    hops: list[str] = []
    call = SyncToAsync.__call__

    async def hop(self: Any, *arguments: Any, **options: Any) -> Any:
        hops.append(self.func.__qualname__)
        return await call(self, *arguments, **options)

    monkeypatch.setattr(SyncToAsync, "__call__", hop)
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport) as client:
        answer = await client.get(f"http://testserver{path}")

    assert hops
    assert [name for name in hops if "Middleware" in name] == []
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["X-Request-ID"]
