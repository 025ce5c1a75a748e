"""`chat-client/outbox` in Chromium: what waits survives its page, and leaves once."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Page

from tests.clients.checking.wire import Line
from tests.clients.javascript.browser import Place, _server_port, at, bundled
from tests.clients.javascript.conftest import Run

__all__ = ["_server_port", "at"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

Json = dict[str, Any]


@pytest.fixture(scope="module")
def script(run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    return bundled(run, "client_page.js", tmp_path_factory.mktemp("page"))


def _hold_sends(_: Line, frame: Json) -> Sequence[Json]:
    return [] if frame["type"] == "message.send" else [frame]


def _hold_hello(_: Line, frame: Json) -> Sequence[Json]:
    return [] if frame["type"] == "hello" else [frame]


def _lose_answers(_: Line, frame: Json) -> Sequence[Json]:
    """Of sends: neither the reply nor the event arrives."""
    is_answer = frame["type"] == "message.created" or "created" in (frame.get("data") or {})
    return [] if is_answer else [frame]


async def _sent(at: Place, title: str) -> str:
    """The id of a group of two."""
    group = await at.ann.create_group("bob", title=f"{title} {uuid4()}")
    id_: str = group["id"]
    return id_


async def _texts(at: Place, conversation_id: str) -> list[str]:
    return [one["text"] for one in await at.ann.history(conversation_id)]


async def _pending(page: Page, *texts: str) -> None:
    await page.wait_for_function(
        "texts => JSON.stringify(window.page.pending()) === JSON.stringify(texts)", arg=list(texts)
    )


async def test_what_waits_survives_a_reload(at: Place) -> None:
    """Unsent messages, and one that was stored without an answer, are sent in order, each once."""
    tea = await _sent(at, "Reload")
    page = await at.open()
    at.wire.down.append(_lose_answers)
    await page.evaluate("id => window.page.send(id, 'one')", tea)
    await page.wait_for_function("async () => (await indexedDB.databases()).length === 1")
    while await _texts(at, tea) != ["one"]:
        await page.wait_for_timeout(20)
    at.wire.up.append(_hold_sends)
    await page.evaluate("id => ['two', 'three'].forEach(text => window.page.send(id, text))", tea)
    await _stored(page, 3)

    await page.reload()
    await at.live(page)
    await _pending(page, "one", "two", "three")
    at.wire.mend()
    await _pending(page)

    assert await _texts(at, tea) == ["one", "two", "three"]
    await _stored(page, 0)


async def test_two_tabs_never_send_twice(at: Place) -> None:
    """A tab leaves the messages of another one alone, until that one is closed."""
    first = await at.open()
    tea = await _sent(at, "Tabs")
    at.wire.up.append(_hold_sends)
    await first.evaluate("id => ['one', 'two'].forEach(text => window.page.send(id, text))", tea)
    await _stored(first, 2)
    second = await at.open()
    line = at.wire.line
    assert line is not None
    await second.evaluate("id => window.page.send(id, 'of the second')", tea)
    await _stored(second, 3)
    assert await second.evaluate("window.page.pending()") == ["of the second"]

    await first.close()
    await _pending(second, "one", "two", "of the second")
    at.wire.mend()
    await _pending(second)

    assert sorted(await _texts(at, tea)) == ["of the second", "one", "two"]
    ids = [one["client_id"] for one in line.commands if one["type"] == "message.send"]
    assert len(set(ids)) == 3
    assert all(other.open is False for other in at.wire.lines if other is not line)


async def _stored(page: Page, count: int) -> None:
    """Wait until this many messages are in the database."""
    await page.wait_for_function(
        """async count => {
          const databases = await indexedDB.databases();
          if (!databases.some(({ name }) => name === "chat-outbox")) return false;
          const opening = indexedDB.open("chat-outbox");
          await new Promise(done => (opening.onsuccess = done));
          const counting = opening.result.transaction("messages").objectStore("messages").count();
          await new Promise(done => (counting.onsuccess = done));
          opening.result.close();
          return counting.result === count;
        }""",
        arg=count,
    )


async def test_another_person_does_not_send_it(at: Place) -> None:
    """It waits for the person who wrote it."""
    page = await at.open()
    tea = await _sent(at, "People")
    at.wire.up.append(_hold_sends)
    await page.evaluate("id => window.page.send(id, 'by ann')", tea)
    await _stored(page, 1)
    await page.evaluate("window.page.become('bob')")
    await at.live(page)
    await _pending(page)
    at.wire.mend()
    await page.evaluate("id => window.page.send(id, 'by bob')", tea)
    await _pending(page)

    at.wire.up.append(_hold_sends)
    await page.evaluate("window.page.become('ann')")
    await _pending(page, "by ann")
    at.wire.mend()
    await _pending(page)
    assert [(one["sender_id"], one["text"]) for one in await at.ann.history(tea)] == [
        *(("bob", "by bob"), ("ann", "by ann")),
    ]


async def test_a_full_disk_leaves_it_in_memory(at: Place) -> None:
    """It is sent, and the page is told that a reload would lose it."""
    page = await at.open()
    tea = await _sent(at, "Full")
    tools = await at.context.new_cdp_session(page)
    await tools.send("Storage.overrideQuotaForOrigin", {"origin": at.wire.url, "quotaSize": 1})
    at.wire.up.append(_hold_sends)
    await page.evaluate("id => window.page.send(id, 'x'.repeat(9000))", tea)
    await page.wait_for_function("window.page.failures().length > 0")
    assert "QuotaExceeded" in (await page.evaluate("window.page.failures()"))[0]
    at.wire.mend()
    await _pending(page)
    assert await _texts(at, tea) == ["x" * 9000]


async def test_a_page_without_a_connection_stores_for_the_person_it_names(at: Place) -> None:
    """The next page shows it at once, and sends it when there is a connection."""
    tea = await _sent(at, "Offline")
    at.wire.down.append(_hold_hello)
    page = await at.context.new_page()
    await page.goto(f"{at.wire.url}/page?user=ann&stored_for=ann")
    await page.evaluate("id => window.page.send(id, 'one')", tea)
    await _stored(page, 1)
    await page.reload()
    await _pending(page, "one")
    assert await page.evaluate("window.page.state()") == "connecting"

    at.wire.up.append(_hold_sends)
    at.wire.down.clear()
    await page.reload()
    await _pending(page, "one")
    at.wire.mend()
    await _pending(page)
    assert await page.evaluate("window.page.failures()") == []
    assert await _texts(at, tea) == ["one"]


async def test_a_page_that_disconnects_leaves_its_messages_to_another(at: Place) -> None:
    """What it sent last is among them. It does not send them twice when it comes back."""
    first = await at.open()
    tea = await _sent(at, "Left")
    at.wire.up.append(_hold_sends)
    await first.evaluate("id => window.page.send(id, 'one')", tea)
    await _stored(first, 1)
    second = await at.open()
    await first.evaluate("id => { window.page.send(id, 'two'); window.page.disconnect(); }", tea)
    await _pending(second, "one", "two")
    at.wire.mend()
    await _pending(second)
    await _stored(second, 0)

    await first.evaluate("window.page.connect()")
    await at.live(first)
    await _pending(first)
    await _stored(first, 0)
    assert await _texts(at, tea) == ["one", "two"]


_INSECURE = """
delete Crypto.prototype.randomUUID;
delete Navigator.prototype.locks;
const put = IDBObjectStore.prototype.put;
window.puts = 0;
IDBObjectStore.prototype.put = function (record) {
  window.puts += 1;
  return put.call(this, record);
};
"""
"""What browsers lack outside of secure contexts. And a count of the messages that a page stores."""


async def test_pages_outside_of_secure_contexts_inherit_once(at: Place) -> None:
    """Two tabs do not take a message from each other again and again. It is stored once."""
    await at.context.add_init_script(_INSECURE)
    first = await at.open()
    tea = await _sent(at, "Insecure")
    at.wire.up.append(_hold_sends)
    await first.evaluate("id => window.page.send(id, 'one')", tea)
    await _stored(first, 1)
    second = await at.open()
    await _pending(second, "one")
    await second.evaluate("id => window.page.send(id, 'two')", tea)
    await _stored(second, 2)
    at.wire.mend()
    await _pending(second)
    await _pending(first)

    assert [await page.evaluate("window.puts") for page in (first, second)] == [1, 2]
    assert await _texts(at, tea) == ["one", "two"]
