"""`chat-client/files` in Chromium: a file goes to the storage, with progress, and comes back."""

from itertools import pairwise
from uuid import uuid4

import pytest

from tests.clients.javascript.browser import Place, _server_port, at, bundled
from tests.clients.javascript.conftest import Run

__all__ = ["_server_port", "at"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

_SIZE = 3_000_000
_NETWORK = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 6_000_000}
"""Uploads take a moment, so that there is progress to see."""


@pytest.fixture(scope="module")
def script(run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    return bundled(run, "client_page.js", tmp_path_factory.mktemp("page"))


async def test_a_file_is_sent_with_progress(at: Place) -> None:
    """The bytes sent only grow; an upload that is aborted ends."""
    page = await at.open()
    tools = await at.context.new_cdp_session(page)
    await tools.send("Network.enable")
    await tools.send("Network.emulateNetworkConditions", _NETWORK)
    group = await at.ann.create_group("bob", title=f"Files {uuid4()}")
    done = await page.evaluate(
        "([id, size]) => window.page.sendFile(id, size)", [group["id"], _SIZE]
    )

    steps = done["steps"]
    assert [one["state"] for one in steps[-2:]] == ["checking", "ready"]
    sent = [one["sent"] for one in steps if one["state"] == "uploading"]
    assert (sent[0], sent[-1]) == (0, _SIZE)
    assert len(set(sent)) > 2
    assert all(before <= after for before, after in pairwise(sent))
    assert done["received"] == _SIZE
    [message] = await at.bob.history(group["id"])
    assert [one["id"] for one in message["attachments"]] == [done["attachment"]]

    code = await page.evaluate("id => window.page.abortFile(id)", group["id"])
    assert code == "aborted"
