"""Pushes in a real browser: Firebase's own SDK in a service worker, and what it shows.

Firebase Cloud Messaging itself is played by the loopback server: what the product asks it for is
wrapped as FCM wraps it for browsers, and delivered by Chromium's developer tools.
"""

import asyncio
import functools
import re
import shutil
import subprocess
import tarfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from playwright.async_api import Browser as Chromium
from playwright.async_api import Worker

from messaging.domain.recipients import Device, Platform, TokenKind
from messaging.notifications.push.fcm import FcmPushBackend
from messaging.notifications.push.protocol import Push
from tests.conftest import skip_or_fail
from tests.kept import kept
from tests.notifications.fcm_server import PROJECT, FcmServer, redirect
from tests.servers.service_workers import PushDelivery, push_delivery

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIREBASE = "firebase@12.19.0"
ROOT = Path(__file__).parents[2]
SCRIPTS = ("firebase-app-compat.js", "firebase-messaging-compat.js")
SETUP = """
// Whatever a push is waited for, a test waits for too.
self.handled = [];
const waitUntil = ExtendableEvent.prototype.waitUntil;
ExtendableEvent.prototype.waitUntil = function (promise) {
  if (this.type === "push") self.handled.push(promise);
  return waitUntil.call(this, promise);
};
importScripts("firebase-app-compat.js", "firebase-messaging-compat.js");
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
firebase.initializeApp({
  projectId: "demo-chat", apiKey: "key", appId: "1:1:web:1", messagingSenderId: "1",
});
"""
GUIDE = (ROOT / "docs" / "notifications.md").read_text()
[GUIDE_HANDLER] = re.findall(r"```js\n(firebase\.messaging\(\).*?)```", GUIDE, re.DOTALL)
# https://github.com/firebase/quickstart-js/blob/master/messaging/firebase-messaging-sw.js
SAMPLE_HANDLER = """
firebase.messaging().onBackgroundMessage(function (payload) {
  const notificationTitle = "Background Message Title";
  const notificationOptions = { body: "Background Message body.", icon: "/firebase-logo.png" };
  self.registration.showNotification(notificationTitle, notificationOptions);
});
"""
BROWSER = Device(
    id="browser",
    token="token-1",
    token_kind=TokenKind.TOKEN,
    platform=Platform.WEB,
    registered_at=datetime(2026, 1, 31, tzinfo=UTC),
)
PUSH = Push(
    user_id="bob",
    device=BROWSER,
    tag="conversation-1",
    title="Tea",
    body="ann: Are you coming?",
    data={"type": "message", "seq": "7", "tag": "conversation-1"},
)
CLEAR = replace(
    PUSH,
    title=None,
    data={"type": "clear", "tag": "conversation-1", "read_seq": "7"},
)


@pytest.fixture(scope="module")
def firebase_scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Firebase's SDK, from the npm registry."""
    folder = tmp_path_factory.mktemp("firebase")
    shutil.copytree(kept(FIREBASE, _fetch_scripts), folder, dirs_exist_ok=True)
    (folder / "index.html").write_text("<!doctype html><title>Chat</title>")
    return folder


def _fetch_scripts(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        skip_or_fail("There is no `npm`, so no browser has shown a push.")
    folder.mkdir()
    packed = subprocess.run(
        [str(npm), "pack", FIREBASE, "--silent", "--pack-destination", folder.parent],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    with tarfile.open(folder.parent / packed.stdout.split()[-1]) as archive:
        for name in SCRIPTS:
            member = archive.extractfile(f"package/{name}")
            assert member is not None
            (folder / name).write_bytes(member.read())


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Browser:
    """A browser without an open page, whose service worker listens for pushes."""

    def __init__(self, worker: Worker, pushes: PushDelivery) -> None:
        self._worker, self._pushes = worker, pushes

    async def deliver(self, message: dict[str, Any]) -> None:
        """Deliver what FCM makes of a message for browsers."""
        notification = {
            **message.get("notification", {}),
            **message.get("webpush", {}).get("notification", {}),
        }
        more = {"notification": notification} if notification else {}
        await self._pushes.deliver(message["data"], **more)

    async def shown(self) -> list[dict[str, Any]]:
        """The notifications, once every push that was delivered has been handled."""
        shown: list[dict[str, Any]] = await self._worker.evaluate(
            """async () => {
              await Promise.all(self.handled);
              return (await self.registration.getNotifications()).map(
                ({ title, body, tag, silent, renotify }) =>
                  ({ title, body, tag, silent: silent === true, renotify: renotify === true }));
            }"""
        )
        return shown

    async def handled(self, count: int) -> None:
        """Return when so many pushes have been handled."""
        await self._worker.evaluate(
            """async (count) => {
              while (self.handled.length < count) {
                await new Promise((resolve) => setTimeout(resolve, 10));
              }
              await Promise.all(self.handled);
            }""",
            count,
        )


@asynccontextmanager
async def browser_with(chromium: Chromium, folder: Path, handler: str) -> AsyncIterator[Browser]:
    (folder / "firebase-messaging-sw.js").write_text(SETUP + handler)
    with served(folder) as origin:
        async with await chromium.new_context() as context:
            await context.grant_permissions(["notifications"], origin=origin)
            page = await context.new_page()
            pushes = await push_delivery(page)
            await page.goto(f"{origin}/index.html")
            await page.evaluate(
                """async () => {
                  await navigator.serviceWorker.register("/firebase-messaging-sw.js");
                  await navigator.serviceWorker.ready;
                }"""
            )
            [worker] = context.service_workers
            # The SDK hands a push to a page that is visible, and not to the handler.
            await page.goto("about:blank")
            yield Browser(worker, pushes)


async def asked_of_fcm(fcm: FcmServer, tmp_path: Path, *pushes: Push) -> list[dict[str, Any]]:
    """What the product asks FCM for."""
    redirect(fcm.url)
    with override_settings(GOOGLE_CLOUD_PROJECT=PROJECT):
        backend = FcmPushBackend()
    try:
        for push in pushes:
            await backend.send([push])
    finally:
        await backend.close()
    return [arrived.message for arrived in fcm.arrived]


@pytest.fixture(autouse=True)
def _credentials(fcm: FcmServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(fcm.credentials(tmp_path)))


async def test_the_guides_handler_shows_one_and_a_repeat_is_quiet(
    firebase_scripts: Path, complete_chromium: Chromium, fcm: FcmServer, tmp_path: Path
) -> None:
    once, again, clear = await asked_of_fcm(fcm, tmp_path, PUSH, PUSH, CLEAR)

    async with browser_with(complete_chromium, firebase_scripts, GUIDE_HANDLER) as browser:
        await browser.deliver(once)
        await browser.deliver(again)
        await browser.handled(2)
        assert await browser.shown() == [
            {
                "title": "Tea",
                "body": "ann: Are you coming?",
                "tag": "conversation-1",
                "silent": False,
                "renotify": False,
            }
        ]

        await browser.deliver(clear)
        await browser.handled(3)
        assert await browser.shown() == []


async def test_firebases_sample_handler_shows_one(
    firebase_scripts: Path, complete_chromium: Chromium, fcm: FcmServer, tmp_path: Path
) -> None:
    """With a `notification` in the push it would be two: the SDK shows that one by itself."""
    [push] = await asked_of_fcm(fcm, tmp_path, PUSH)

    async with browser_with(complete_chromium, firebase_scripts, SAMPLE_HANDLER) as browser:
        await browser.deliver(push)
        await browser.handled(1)
        # The sample does not wait for what it shows.
        async with asyncio.timeout(10):
            while not (shown := await browser.shown()):
                await asyncio.sleep(0.02)
        assert [one["title"] for one in shown] == ["Background Message Title"]
