"""Rights are judged before an act waits: an answer's time tells nobody who is talking."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, connections

from messaging.commits.evaluation import Evaluation
from messaging.domain.identifiers import random_id
from messaging.instruments.metrics import CACHE_BYTES
from messaging.runtime.instance import Instance
from messaging.stores.sql.store import SqlStore
from tests.integration.chat import Api, problem
from tests.integration.chat.services.test_cost import billed
from tests.integration.stores.acting import add

Ask = Callable[[Api, str, str], Any]

ACTS: dict[str, Ask] = {
    "send": lambda eve, group, _: eve.post(f"/conversations/{group}/messages", text="hello"),
    "edit": lambda eve, group, message: eve.patch(
        f"/conversations/{group}/messages/{message}", text="other"
    ),
    "delete": lambda eve, group, message: eve.delete(f"/conversations/{group}/messages/{message}"),
    "rename": lambda eve, group, _: eve.patch(f"/conversations/{group}", title="Other"),
    "add": lambda eve, group, _: eve.post(f"/conversations/{group}/participants", user_ids=["eve"]),
    "remove": lambda eve, group, _: eve.delete(f"/conversations/{group}/participants/bob"),
    "leave": lambda eve, group, _: eve.delete(f"/conversations/{group}/participants/me"),
    "role": lambda eve, group, _: eve.patch(
        f"/conversations/{group}/participants/bob", role="admin"
    ),
}


@pytest.fixture
def eve(api: Callable[[str], Api]) -> Api:
    return api("eve")


@asynccontextmanager
async def nothing_is_written() -> AsyncIterator[None]:
    """Another process holds the only lock for writing of SQLite: commits wait."""
    path = connections[DEFAULT_DB_ALIAS].settings_dict["NAME"]

    def lock() -> sqlite3.Connection:
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        database.execute("BEGIN IMMEDIATE")
        return database

    locked = await asyncio.to_thread(lock)
    try:
        yield
    finally:
        await asyncio.to_thread(locked.close)


def bytes_on_their_way() -> float:
    """Of the changes that wait for a commit, and of those in the commit under way."""
    (metric,) = CACHE_BYTES.collect()
    return sum(one.value for one in metric.samples if one.labels["cache"] == "commits")


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("direct", [True, False], ids=["direct", "group"])
async def test_a_stranger_does_not_wait_for_the_commit_under_way(
    ann: Api, bob: Api, eve: Api, act: str, direct: bool
) -> None:
    """Somebody is talking there: the stranger is answered while nothing can be written."""
    conversation = await (ann.direct(bob) if direct else ann.group(bob))
    message = await ann.send(conversation)

    async with nothing_is_written():
        talking = asyncio.create_task(ann.send(conversation))
        async with asyncio.timeout(30):
            while not bytes_on_their_way():
                await asyncio.sleep(0.001)
        refused = await ACTS[act](eve, conversation, message["id"])
        assert not talking.done()

    code = (404, "conversation_not_found") if direct else (403, "not_a_participant")
    assert problem(refused) == code
    assert (await talking)["seq"] == 2


@pytest.mark.parametrize("act", ACTS)
async def test_a_refusal_costs_one_read(
    instance: Instance, ann: Api, bob: Api, eve: Api, act: str
) -> None:
    """Whether the conversation exists, is known to this instance, or is not."""
    known, unknown = await ann.direct(bob), await ann.group(bob)
    instance.cache.drop(unknown)
    await eve.get("/blocks")  # what is read of a person once
    for conversation in (known, unknown, random_id()):
        with billed(reads=1):
            await ACTS[act](eve, conversation, random_id())


async def test_who_has_just_been_added_elsewhere_is_let_in(
    instance: Instance, ann: Api, bob: Api, eve: Api
) -> None:
    """The copy here says otherwise, for nobody has told this instance."""
    group = await ann.group(bob)
    await ann.send(group)
    before = await instance.store.get_conversation(group)
    assert before is not None
    evaluation = Evaluation(before)
    evaluation.add(add("eve"))
    elsewhere = SqlStore(timeout=10)
    await elsewhere.commit(evaluation.commit(random_id()))
    await elsewhere.close()
    known = instance.cache.get(group)
    assert known is not None
    assert "eve" not in known.participants

    assert (await eve.send(group))["version"] == 3
