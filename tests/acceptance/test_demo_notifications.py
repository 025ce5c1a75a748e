"""The demo page's notifications, in a Chromium that shows them: the service worker shows one for
each conversation, and closes it when the conversation is read."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from tests.acceptance.conftest import Run
from tests.acceptance.test_browser import Instances, Person
from tests.clients.rest import Rest, http_client
from tests.servers.service_workers import push_delivery

pytestmark = pytest.mark.asyncio(loop_scope="session")

_ACTIVE = "navigator.serviceWorker.getRegistrations().then(([one]) => Boolean(one?.active))"


@pytest_asyncio.fixture(loop_scope="session")
async def browser(
    complete_chromium: Browser, one_instance: Instances
) -> AsyncIterator[BrowserContext]:
    async with await complete_chromium.new_context() as context:
        await context.grant_permissions(["notifications"], origin=one_instance.urls[0])
        yield context


async def open_page(browser: BrowserContext, url: str, *, looked_at: bool) -> Page:
    """Carol's page. Nobody looks at it: a page of a headless browser has the focus otherwise."""
    page = await browser.new_page()
    await page.add_init_script(f"document.hasFocus = () => {json.dumps(looked_at)}")
    await page.goto(f"{url}/?user=carol")
    await expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "connected")
    await page.wait_for_function(_ACTIVE)
    return page


async def shown(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await page.evaluate(
        """async () => {
          const [registration] = await navigator.serviceWorker.getRegistrations();
          const notifications = await registration?.getNotifications() ?? [];
          return notifications.map(({ title, body, tag }) => ({ title, body, tag }));
        }"""
    )
    return found


async def until_shown(page: Page, *bodies: str) -> list[dict[str, Any]]:
    async with asyncio.timeout(40):
        while True:
            found = await shown(page)
            if sorted(one["body"] for one in found) == sorted(bodies):
                return found
            await asyncio.sleep(0.1)


async def test_one_notification_for_each_conversation_until_it_is_read(
    browser: BrowserContext, one_instance: Instances
) -> None:
    """The push for a later message takes the place of the earlier one."""
    (url,) = one_instance.urls
    title = f"Shown {uuid4()}"
    page = await open_page(browser, url, looked_at=False)
    await expect(page.get_by_test_id("notify")).to_be_hidden()  # it may show them already
    async with http_client(url) as http:
        alice = Rest(http, "alice")
        group = await alice.create_group("carol", title=title)
        await alice.send(group["id"], "Tea?", f"{uuid4()}")
        await until_shown(page, "Alice: Tea?")
        await alice.send(group["id"], "And cake?", f"{uuid4()}")
        (one,) = await until_shown(page, "Alice: And cake?")
        assert one["title"] == title
        assert one["tag"].endswith(group["id"])

        await page.evaluate("document.hasFocus = () => true")
        await Person(page).open(title)
        await until_shown(page)


async def test_a_push_of_firebase_is_shown_and_cleared(
    browser: BrowserContext, one_instance: Instances
) -> None:
    """The worker reads the `data` of a push as FCM delivers it to a browser."""
    (url,) = one_instance.urls
    page = await browser.new_page()
    pushes = await push_delivery(page)
    await page.goto(f"{url}/?user=carol")
    await page.wait_for_function(_ACTIVE)

    tea = {"tag": "tea", "title": "Tea", "body": "ann: Are you coming?"}
    await pushes.deliver({"type": "message", "seq": "7", **tea})
    assert await until_shown(page, "ann: Are you coming?") == [tea]
    await pushes.deliver({"type": "clear", "tag": "tea", "read_seq": "7"})
    await until_shown(page)


async def test_the_phone_asks_nothing_while_the_server_is_away(
    browser: BrowserContext, one_instance: Instances
) -> None:
    """It goes on when the page is connected again."""
    (url,) = one_instance.urls
    page = await browser.new_page()
    await page.clock.install()
    is_away, asked, sockets = False, list[str](), list[WebSocketRoute]()

    async def pass_on(socket: WebSocketRoute) -> None:
        if is_away:
            await socket.close(code=1013)
        else:
            socket.connect_to_server()
            sockets.append(socket)

    await page.route_web_socket(re.compile("/ws/v1"), pass_on)
    page.on("request", lambda request: asked.append(request.url))

    def polls() -> int:
        return sum(one.endswith("/demo/notifications") for one in asked)

    await page.goto(f"{url}/?user=carol")
    connection = page.get_by_test_id("connection")
    await expect(connection).to_have_attribute("data-state", "connected")
    await expect(page.get_by_test_id("phone")).to_be_visible()

    is_away = True
    await sockets[-1].close(code=1013)
    await expect(connection).to_have_attribute("data-state", "reconnecting")
    before = polls()
    await page.clock.run_for(20_000)
    assert polls() == before

    is_away = False
    async with asyncio.timeout(40):
        while polls() == before:
            await page.evaluate("dispatchEvent(new Event('online'))")  # without the client's pause
            await asyncio.sleep(0.05)
    await expect(connection).to_have_attribute("data-state", "connected")


_FIREBASE = {
    "apiKey": "key",
    "appId": "1:1:web:1",
    "messagingSenderId": "1",
    "projectId": "demo-chat",
    "vapidKey": "public",
}
_SDK = """
export const initializeApp = (config) => config;
export const getMessaging = (app) => app;
export const getToken = async (app, { vapidKey, serviceWorkerRegistration }) =>
  [app.projectId, vapidKey, serviceWorkerRegistration.active.state].join(":");
"""
"""A substitute for Firebase's SDK, which needs Google."""


async def test_a_browser_becomes_a_device_where_firebase_is_configured(
    run_guarded: Run, complete_chromium: Browser
) -> None:
    """The page may load the SDK, and registers the token that it gets for its service worker."""
    with run_guarded(1, CHAT_DEMO_FIREBASE=json.dumps(_FIREBASE)) as running:
        (url,) = running.urls
        async with await complete_chromium.new_context() as context:
            await context.grant_permissions(["notifications"], origin=url)
            page = await context.new_page()
            headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
            await page.route(
                re.compile("www.gstatic.com/firebasejs/"),
                lambda route: route.fulfill(body=_SDK, headers=headers),
            )
            async with page.expect_response(re.compile("/devices/browser-")) as answered:
                await page.goto(f"{url}/?user=dave")
            response = await answered.value
    assert response.ok, await response.text()
    registered = response.request.post_data_json
    assert registered == {"token": "demo-chat:public:activated", "platform": "web"}
