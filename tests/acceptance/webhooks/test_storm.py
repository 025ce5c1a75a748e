"""Webhooks under fire: the endpoints are down, answer 500 half of the time, hang, and the worker is
killed. Every event arrives, in the order of its conversation, signed; a site handles it once, and a
bot answers once."""

import os
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from config.development.ports import free_port
from tests.acceptance.examples import Chat
from tests.acceptance.webhooks.gate import Gate, Mood
from tests.acceptance.webhooks.shops import Shop, bot, conversations_of, django_shop, node_shop
from tests.acceptance.webhooks.stage import staged
from tests.acceptance.webhooks.storm import Storm
from tests.acceptance.webhooks.talk import Talk, answers_in
from tests.clients.rest import Rest, http_client

RunShop = Callable[[Chat, Path], AbstractContextManager[Shop]]


@dataclass(frozen=True, kw_only=True)
class Size:
    shops: Sequence[RunShop]
    orders: int
    """Of each shop."""
    messages: int
    """In each conversation."""
    moods: Sequence[Mood]
    down_seconds: float = 0.0


SHORT = Size(shops=[node_shop], orders=4, messages=8, moods=[Mood.FAILS])
LONG = Size(
    shops=[django_shop, node_shop],
    orders=int(os.environ.get("ORDERS", "100")),
    messages=25,
    moods=[Mood.DOWN, Mood.FAILS, Mood.HANGS, Mood.FAILS, Mood.HANGS],
    down_seconds=60,
)


@pytest.mark.timeout(300)
async def test_a_short_storm(tmp_path: Path, sqs_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await weather(tmp_path, sqs_url, monkeypatch, SHORT)


@pytest.mark.chaos
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("store", ["sqlite", "postgres", "firestore"])
async def test_five_thousand_events(
    store: str,
    tmp_path: Path,
    sqs_url: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = {}
    if store == "postgres":
        settings["DATABASE_URL"] = new_database(request.getfixturevalue("postgres_server"))
    if store == "firestore":
        settings["CHAT_STORE"] = "firestore"
        settings["FIRESTORE_EMULATOR_HOST"] = request.getfixturevalue("firestore_emulator")
        settings["GOOGLE_CLOUD_PROJECT"] = f"test-{uuid4().hex}"
    await weather(tmp_path, sqs_url, monkeypatch, LONG, **settings)


async def weather(
    folder: Path, sqs_url: str, monkeypatch: pytest.MonkeyPatch, size: Size, **settings: str
) -> None:
    with ExitStack() as running:
        stage = running.enter_context(staged(folder, sqs_url, monkeypatch, **settings))
        shops = [running.enter_context(run(stage.chat, folder)) for run in size.shops]
        hooks = [shop.hook for shop in shops]
        hooks.append(running.enter_context(bot(stage.chat)))
        async with (
            http_client(stage.chat.url) as client,
            httpx.AsyncClient(timeout=60) as handing_on,
        ):
            gates = [
                Gate(hook, free_port(), random.Random(number), handing_on)
                for number, hook in enumerate(hooks)
            ]
            for gate in gates:
                stage.add_endpoint(gate.url)
            talks, ordered = await order(stage.chat, client, shops, size)
            await Storm(
                stage=stage,
                gates=gates,
                talks=talks,
                moods=size.moods,
                down_seconds=size.down_seconds,
            ).rage()
            found = [answers_in(await talk.shown()) for talk in talks]
        assert all(len(answered) == len(set(answered)) for answered in found)
        sent = {talk.id: len(set(talk.sent)) for talk in talks}
        assert set(sent.values()) == {size.messages}
        for shop, ids in zip(shops, ordered, strict=True):
            assert shop.counted() == {one: sent[one] for one in ids}
        for gate in gates:
            assert gate.events.keys() == sent.keys()
            for events in gate.events.values():
                versions = [body["data"]["version"] for body in events]
                assert versions == sorted(set(versions))
                assert events[0]["type"] == "conversation.created"
            assert gate.repeats
            assert gate.spoiled.keys() == set(size.moods) - {Mood.DOWN}


async def order(
    chat: Chat, client: httpx.AsyncClient, shops: Sequence[Shop], size: Size
) -> tuple[list[Talk], list[list[str]]]:
    """Order in each shop. Return the conversations of all orders, and the ids of each shop's."""
    support = Rest(client, "support")
    talks, ordered = [], []
    for shop in shops:
        for _ in range(size.orders):
            shop.order("Tea")
        ids = await conversations_of(shop, chat)
        ordered.append(ids)
        customer = Rest(client, shop.customer)
        talks += [Talk(id_, (customer, support), size.messages) for id_ in ids]
    return talks, ordered


def new_database(server: str) -> str:
    """The URL of a database of its own on this server."""
    name = f"webhooks_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{server.rsplit('/', 1)[0]}/{name}"
