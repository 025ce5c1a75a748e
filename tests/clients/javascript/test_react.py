"""`chat-client/react` with React itself in Chromium, in strict mode."""

import asyncio
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.clients.javascript.browser import Place, _server_port, at, bundled
from tests.clients.javascript.conftest import Run

__all__ = ["_server_port", "at"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def script(run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    return bundled(run, "react_page.jsx", tmp_path_factory.mktemp("page"))


async def _group(at: Place) -> tuple[str, str]:
    """The id and the title of a new group of Ann and Bob."""
    title = f"React {uuid4()}"
    return (await at.ann.create_group("bob", title=title))["id"], title


async def _messages(page: Page, *texts: str) -> None:
    await expect(page.locator("#messages li")).to_have_text(list(texts))


async def test_the_hooks_show_what_happens(at: Place) -> None:
    """All hooks, in strict mode: a component that is mounted twice loads and watches once."""
    requests: list[str] = []
    at.context.on("request", lambda request: requests.append(request.url))
    page = await at.open()
    id_, title = await _group(at)
    await expect(page.locator("#list li")).to_contain_text([title])
    for person, name in ((at.ann, "Ann"), (at.bob, "Bob")):
        await person.request("PATCH", "/me", {"name": name})
    await at.bob.send(id_, "Tea?", f"{uuid4()}")
    await expect(page.locator("#unread")).to_have_text("1 1 0")
    lost: list[str] = []

    def lose_first_names(_: str, path: str) -> bool:
        if path.endswith("/users") and not lost:
            lost.append(path)
            return True
        return False

    at.wire.lose_answer = lose_first_names
    await page.evaluate("id => window.page.show(id)", id_)
    await _messages(page, "Bob: Tea?")
    assert lost
    await page.get_by_text("Send").click()
    await _messages(page, "Bob: Tea?", "Ann: Hello from React")
    await expect(page.locator("#unread")).to_have_text("0 0 0")
    assert sum(url.endswith(f"{id_}/messages") for url in requests) == 1

    before = await page.evaluate("window.page.renders()")
    await at.bob.request("POST", f"/conversations/{id_}/typing", {"typing": True})
    await expect(page.locator("#typing")).to_have_text("bob")
    await at.bob.request("POST", f"/conversations/{id_}/typing", {"typing": False})
    await expect(page.locator("#typing")).to_have_text("")
    assert await page.evaluate("window.page.renders()") == before

    await page.evaluate("window.page.watch(['bob'])")
    await expect(page.locator("#presence")).to_have_text("bob offline")
    await page.evaluate("window.page.watch(['bob', 'bob'])")  # another list of the same people
    effects = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
    await page.evaluate(effects)
    await expect(page.locator("#presence")).to_have_text("bob offline,bob offline")
    line = at.wire.line
    assert line is not None
    await page.evaluate("window.page.unmount()")
    while line.commands[-1].get("user_ids") != []:
        await asyncio.sleep(0.02)
    watches = [one["user_ids"] for one in line.commands if one["type"] == "presence.watch"]
    assert watches == [["bob"], []]


async def test_what_is_rendered_in_the_background_agrees(at: Place) -> None:
    """While React renders many components for a while, messages arrive."""
    page = await at.open()
    id_, _ = await _group(at)
    await page.evaluate("id => window.page.show(id)", id_)
    for number in range(1, 7):
        await page.evaluate("number => window.page.build(number)", number)
        await at.bob.send(id_, f"{number}", f"{uuid4()}")
    await expect(page.locator("#wall i")).to_have_text(["6"] * 40)
    assert await page.evaluate("window.page.tears()") == []
