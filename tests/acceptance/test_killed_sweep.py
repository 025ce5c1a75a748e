"""An instance that is killed between a send and a sweep leaves no file behind, and loses none."""

import asyncio
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from config.development.instances import uvicorn_command
from config.development.ports import free_port
from config.development.processes import Process
from tests.clients.rest import Data, Rest, http_client
from tests.databases import migrate
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance

CONTENT = b"%PDF-1.7\n" + b"%" * 2_000
_GONE_WITHIN_SECONDS = 60


@pytest.mark.timeout(300)
async def test_killed_twice(tmp_path: Path) -> None:
    await kill_again_and_again(tmp_path, times=2)


@pytest.mark.chaos
@pytest.mark.timeout(3600)
async def test_killed_fifty_times(tmp_path: Path) -> None:
    await kill_again_and_again(tmp_path, times=50)


async def kill_again_and_again(folder: Path, *, times: int) -> None:
    """Each time one message stays, and one is deleted just before the end. The last instance
    sweeps."""
    environment = isolated_environment(folder)
    migrate(environment)
    kept: list[str] = []
    deleted: list[str] = []
    group = ""
    for _ in range(times):
        async with AsyncExitStack() as open_:
            process, ann = await started(environment, open_)
            group = group or (await ann.create_group("bob", title="Tea"))["id"]
            stays, goes = [await attached(ann, group) for _ in range(2)]
            await sent(ann, group, stays)
            message = await sent(ann, group, goes)
            await ann.request("DELETE", f"/conversations/{group}/messages/{message['id']}")
            process.send_signal(signal.SIGKILL)
            kept.append(stays)
            deleted.append(goes)
    async with AsyncExitStack() as open_:
        _, ann = await started(environment, open_)
        storage = folder / "files"
        await until_gone(storage, deleted)
        for start in range(0, len(kept), 100):
            ids = ",".join(kept[start : start + 100])
            path = f"/conversations/{group}/attachments"
            files = (await ann.request("GET", f"{path}?ids={ids}"))["items"]
            assert [file["id"] for file in files] == kept[start : start + 100]
            async with httpx.AsyncClient() as browser:
                for file in files:
                    assert (await browser.get(file["url"])).content == CONTENT
    present = {path.parent.name for path in storage.rglob("*") if path.is_file()}
    assert present == set(kept)


async def started(environment: dict[str, str], open_: AsyncExitStack) -> tuple[Process, Rest]:
    port = free_port()
    running = forked_instance(port, environment=environment, command=uvicorn_command(port))
    process = await asyncio.to_thread(open_.enter_context, running)
    http = await open_.enter_async_context(http_client(f"http://127.0.0.1:{port}"))
    return process, Rest(http, "ann")


async def attached(ann: Rest, group: str) -> str:
    """The id of a new attachment that is ready."""
    announced = await ann.request(
        "POST",
        "/attachments",
        {
            "conversation_id": group,
            "filename": "tea.pdf",
            "content_type": "application/pdf",
            "size": len(CONTENT),
        },
    )
    where = announced["upload"]
    async with httpx.AsyncClient() as browser:
        answer = await browser.put(where["url"], content=CONTENT, headers=where["headers"])
        assert answer.status_code == 200
    id_: str = announced["attachment"]["id"]
    await ann.complete(id_)
    return id_


async def sent(ann: Rest, group: str, attachment_id: str) -> Data:
    body = {"text": "", "attachments": [attachment_id]}
    message: Data = await ann.request("POST", f"/conversations/{group}/messages", body)
    return message


async def until_gone(storage: Path, attachment_ids: list[str]) -> None:
    begun = time.monotonic()
    while any((storage / id_[:2] / id_).exists() for id_ in attachment_ids):
        assert time.monotonic() - begun < _GONE_WITHIN_SECONDS
        await asyncio.sleep(0.2)
