"""What a browser asks for beside the API."""

import httpx
import pytest

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
