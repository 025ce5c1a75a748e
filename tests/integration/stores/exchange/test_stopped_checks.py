"""The check of a long file or export can be stopped before its end."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from messaging.exchange.lines import encode
from messaging.exchange.reading import Problem
from messaging.exchange.records import Header, Person
from messaging.files.checking.workers import CheckingWorkers
from messaging.files.storages import make_storage
from messaging.personal_data.evidence import Evidence
from messaging.services.exchange.file_loading import load_file
from messaging.services.exchange.imported_files import ImportedFiles
from messaging.services.exchange.importing import Import
from messaging.services.exchange.loading import Load
from tests.integration.stores.exchange.chats import close, stores_of
from tests.integration.stores.exchange.small_files import AT

_LONG = 3_000
"""More than is checked at once."""


async def _shown_until_stopped(
    work: Callable[[Callable[[object], None]], Coroutine[object, object, object]],
) -> list[str]:
    """Run work that shows problems, stop it at the first one, as SIGINT does, and return all that
    it has shown."""
    shown: list[str] = []

    def show(problem: object) -> None:
        shown.append(str(problem))
        task.cancel()

    task = asyncio.create_task(work(show))
    with pytest.raises(asyncio.CancelledError):
        await task
    return shown


@pytest.mark.django_db(transaction=True)
async def test_a_load(tmp_path: Path) -> None:
    path = tmp_path / "chat.jsonl"
    people = [encode(Person(user_id=f"u{number}")) for number in range(_LONG)]
    path.write_bytes(b"".join([encode(Header(made_at=AT, id="long")), b"{}\n", *people, b"{}\n"]))
    with stores_of("sql") as stores:
        storage = make_storage()

        async def load(show: Callable[[object], None]) -> int:
            return await load_file(
                path,
                Load(stores),
                stores,
                evidence=Evidence(storage),
                command="load_conversations",
                on_progress=lambda *_: None,
                show=show,
            )

        shown = await _shown_until_stopped(load)
        await storage.close()
        await close(stores)

    assert [one.partition(":")[0] for one in shown] == ["line 2"]


async def test_an_import(tmp_path: Path) -> None:
    source, target = tmp_path / "chat.csv", tmp_path / "chat.jsonl"
    rows = [f"tea,ann,2026-01-01T00:00:00Z,{number}" for number in range(_LONG)]
    wrong = "tea,ann,yesterday,hello"
    source.write_text("\n".join(["conversation,sender,sent_at,text", wrong, *rows, wrong]))
    workers = CheckingWorkers(most=1)
    with ImportedFiles(folder=None, workers=workers) as files:

        async def convert(show: Callable[[Problem], object]) -> bool:
            importing = Import(product="csv", people={}, files=files, show=show)
            return await importing.convert(source, target)

        shown = await _shown_until_stopped(convert)
    await workers.close()

    assert [one.partition(":")[0] for one in shown] == ["chat.csv line 2"]
    assert list(tmp_path.iterdir()) == [source]
