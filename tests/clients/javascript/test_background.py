"""Pages that are held back: hidden, on a machine that was asleep, with a clock that is off; and two
clients in one page."""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Page

from tests.clients.checking.truth import differences, truth_of
from tests.clients.javascript.browser import Place, _server_port, at, bundled
from tests.clients.javascript.conftest import Run

__all__ = ["_server_port", "at"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

Json = dict[str, Any]

_SECONDS = 60
_MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def script(run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    return bundled(run, "checked_page.js", tmp_path_factory.mktemp("page"))


class Tab:
    """One page of ann."""

    def __init__(self, at: Place, page: Page) -> None:
        self.page = page
        self._at = at

    async def do(self, act: str, **fields: Any) -> Json:
        asked = {"id": 1, "do": act, **fields}
        answer: Json = await self.page.evaluate("asked => window.answered(asked)", asked)
        assert "error" not in answer, answer
        return answer

    async def connect(self) -> None:
        wire = self._at.wire
        await self.do("connect", url=wire.url, token_url=f"{wire.url}/token?user=ann")

    async def is_(self, connection: str) -> None:
        """Wait until the connection has this state."""
        async with asyncio.timeout(_SECONDS):
            while (await self.do("state"))["state"]["connection"] != connection:
                await asyncio.sleep(0.05)

    async def agree(self) -> None:
        """Wait until it shows what the store has, and nothing waits to be sent."""
        found: list[str] = []
        try:
            async with asyncio.timeout(_SECONDS):
                while True:
                    state = (await self.do("state"))["state"]
                    found[:] = map(str, state["outbox"])
                    if state["connection"] == "live" and not found:
                        found[:] = differences(state, await truth_of(self._at.ann), "ann")
                        if not found:
                            return
                    await asyncio.sleep(0.1)
        except TimeoutError:
            pytest.fail(f"{state['connection']}: {found[:5]}")


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(_SECONDS):
        while not holds():
            await asyncio.sleep(0.05)


async def _connects_again(at: Place, before: int) -> None:
    await _until(lambda: len(at.wire.lines) > before)


async def _opened(at: Place) -> Tab:
    page = await at.context.new_page()
    page.on("pageerror", lambda error: at.complaints.append(str(error)))
    await page.goto(f"{at.wire.url}/page")
    tab = Tab(at, page)
    await tab.connect()
    await tab.agree()
    return tab


async def _group(at: Place) -> str:
    group = await at.ann.create_group("bob", title=f"Background {uuid4()}")
    id_: str = group["id"]
    return id_


async def _sent_once(at: Place, group: str, *texts: str) -> None:
    stored = [one["text"] for one in await at.ann.history(group)]
    assert [text for text in stored if text in texts] == list(texts)


async def test_a_page_of_which_15_minutes_are_missing(at: Place) -> None:
    """As after a sleep of the machine: the clocks jump, all timers are due at once, and the socket
    is dead, though nobody said so."""
    page = await at.context.new_page()
    await page.clock.install()
    page.on("pageerror", lambda error: at.complaints.append(str(error)))
    await page.goto(f"{at.wire.url}/page")
    tab = Tab(at, page)
    await tab.connect()
    group = await _group(at)
    await tab.agree()
    for network in ("stays", "went"):
        before, line = len(at.wire.lines), at.wire.lines[-1]
        if network == "went":
            line.hang()
        text = f"The network {network}."
        await tab.do("send", conversation_id=group, text=text)
        await at.bob.send(group, "Meanwhile.", f"bob-{uuid4()}")
        if network == "stays":
            await tab.agree()  # a frame that arrives after the jump would show a live socket
        await page.clock.fast_forward(15 * _MINUTE_MS)
        await _connects_again(at, before)
        await tab.agree()
        await _sent_once(at, group, text)


async def test_a_page_that_loses_its_network(at: Place) -> None:
    """The page shows at once that the browser is offline, and connects at once when the browser is
    online again. The timers of the page stand still meanwhile: none of them does this."""
    page = await at.context.new_page()
    page.on("pageerror", lambda error: at.complaints.append(str(error)))
    await page.clock.install()
    await page.goto(f"{at.wire.url}/page")
    await page.clock.pause_at(await page.evaluate("Date.now()") + _MINUTE_MS)
    tab = Tab(at, page)
    await tab.connect()
    group = await _group(at)
    await tab.agree()
    for text in ("Typed without a network.", "Typed the next time."):
        before = len(at.wire.lines)
        at.wire.lines[-1].hang()
        await at.context.set_offline(True)
        await tab.is_("waiting")
        await tab.do("send", conversation_id=group, text=text)
        await at.bob.send(group, "Meanwhile.", f"bob-{uuid4()}")
        assert len(at.wire.lines) == before
        await at.context.set_offline(False)
        await tab.is_("live")
        assert len(at.wire.lines) == before + 1
    await page.clock.resume()
    await tab.agree()
    await _sent_once(at, group, "Typed without a network.", "Typed the next time.")


_THROTTLE = """
const real = performance.now.bind(performance), every = window.setInterval.bind(window);
const Now = Date, timers = new Map();
let speed = 1, base = real(), from = base, last = 0, minute = 0, isHidden = false;
const virtual = () => base + (real() - from) * speed;
const start = Now.now() - virtual();
performance.now = virtual;
Date = class extends Now {
  constructor(...parts) { super(...(parts.length ? parts : [Date.now()])); }
  static now() { return Math.round(start + virtual()); }
};
window.setTimeout = (call, delay = 0, ...parts) => {
  timers.set((last += 1), { call, parts, due: virtual() + Math.max(0, delay) });
  return last;
};
window.clearTimeout = (id) => void timers.delete(id);
every(() => {
  const now = virtual();
  if (isHidden && Math.floor(now / 60000) === minute) return;
  minute = Math.floor(now / 60000);
  const due = [...timers].filter(([, one]) => one.due <= now);
  for (const [id, { call, parts }] of due.sort(([, one], [, other]) => one.due - other.due)) {
    if (timers.delete(id)) call(...parts);
  }
}, 10);
Object.defineProperty(document, "hidden", { get: () => isHidden });
window.hide = (isNowHidden, isFast) => {
  base = virtual();
  from = real();
  speed = isFast;
  isHidden = isNowHidden;
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
};
"""
"""A page whose timers run once a minute while it is hidden, and whose clocks then run faster."""


@pytest.mark.chaos
async def test_a_page_that_is_hidden_for_15_minutes(at: Place) -> None:
    """Browsers run the timers of a hidden page once a minute, and frames arrive at once: the page
    stays connected, comes back after a break and from a silent network, and misses nothing. Here, a
    minute takes four seconds."""
    at.wire.heartbeat_seconds, at.wire.speed = 25, 15
    await at.context.add_init_script(_THROTTLE)
    tab, group = await _opened(at), await _group(at)
    await tab.agree()
    await tab.page.evaluate("speed => window.hide(true, speed)", at.wire.speed)
    sent, sockets = list[str](), list[int]()
    for minute in range(15):
        if minute in {3, 8}:
            sent.append(f"Typed in minute {minute}.")
            await tab.do("send", conversation_id=group, text=sent[-1])
        if minute == 4:
            at.wire.lines[-1].cut()
        if minute == 9:
            at.wire.lines[-1].hang()
        await at.bob.send(group, f"Minute {minute}.", f"bob-{uuid4()}")
        await asyncio.sleep(60 / at.wire.speed)
        sockets.append(len(at.wire.lines))
    assert sockets[3] == sockets[0], "It stays connected while nothing breaks."
    assert sockets[14] > sockets[8] > sockets[3], "It comes back while it is hidden."
    await tab.page.evaluate("window.hide(false, 1)")
    await tab.agree()
    await _sent_once(at, group, *sent)


@pytest.mark.parametrize("minutes", [10, -10])
async def test_a_page_whose_clock_is_off(at: Place, minutes: int) -> None:
    """Tokens, indicators and messages do not depend on it."""
    await at.context.add_init_script(
        f"""const Now = Date, ahead = {minutes * _MINUTE_MS};
        Date = class extends Now {{
          constructor(...parts) {{ super(...(parts.length ? parts : [Now.now() + ahead])); }}
          static now() {{ return Now.now() + ahead; }}
        }};"""
    )
    tab, group = await _opened(at), await _group(at)
    await tab.agree()
    shift = await tab.page.evaluate("Date.now()") / 1000 - time.time()
    assert abs(shift - minutes * 60) < 30
    await at.bob.request("POST", f"/conversations/{group}/typing", {})

    async def types() -> bool:
        state = (await tab.do("state"))["state"]
        return any("bob" in one["typing"] for one in state["conversations"])

    async with asyncio.timeout(_SECONDS):
        while not await types():
            await asyncio.sleep(0.05)
        while await types():
            await asyncio.sleep(0.05)
    await tab.do("send", conversation_id=group, text="By my clock.")
    at.wire.lines[-1].close(4502)
    await tab.do("send", conversation_id=group, text="By yours.")
    await tab.agree()
    await _sent_once(at, group, "By my clock.", "By yours.")


async def test_two_people_in_one_page(at: Place) -> None:
    """Two clients of one page do not disturb each other."""
    tab, group = await _opened(at), await _group(at)
    texts = await tab.page.evaluate(
        """async ([url, group]) => {
          const chats = ["ann", "bob"].map((user) => new window.ChatClient({
            url, token: async () => (await fetch(`/token?user=${user}`)).text(),
          }));
          for (const chat of chats) chat.connect();
          const heard = Promise.all(chats.map((chat) => new Promise((resolve) => {
            const texts = [];
            chat.on("message", ({ message }) => {
              if (message.conversation_id !== group) return;
              if (texts.push(message.text) === 2) resolve(texts.sort());
            });
          })));
          await Promise.all(chats.map((chat) => chat.conversation(group).open()));
          const loaded = (chat) => chat.conversation(group).getSnapshot().state === "ready";
          while (!chats.every(loaded)) await new Promise((resolve) => setTimeout(resolve, 20));
          await Promise.all(chats.map((chat) => chat.conversation(group).send(chat.userId)));
          const all = await heard;
          for (const chat of chats) chat.disconnect();
          return all;
        }""",
        [at.wire.url, group],
    )
    assert texts == [["ann", "bob"], ["ann", "bob"]]
    await tab.agree()
