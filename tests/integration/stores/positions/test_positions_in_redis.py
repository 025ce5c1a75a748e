"""How far people are, in Redis: what it does not take is published when it is back."""

import asyncio

import pytest
import redis.asyncio

from config.development.ports import free_port
from config.development.redis import run_redis
from messaging.positions.acknowledged import Acknowledgements
from messaging.positions.delivered import DeliveredPositions
from messaging.redis.client import make_redis
from messaging.stores.epochs import Epoch
from messaging.stores.sql.store import SqlStore


async def move(
    positions: Acknowledgements | DeliveredPositions, conversation_id: str, user_id: str, seq: int
) -> None:
    if isinstance(positions, Acknowledgements):
        positions.advance(conversation_id, user_id, seq)
    else:
        await positions.advance(conversation_id, user_id, seq, latest=True)


@pytest.mark.parametrize("kind", ["acknowledged", "delivered"])
async def test_a_position_outlives_an_outage(
    sql_store: SqlStore, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """It is published without another one that would wake anybody, and where it has moved
    meanwhile, as it is then."""
    port = free_port()
    client = make_redis({"address": f"redis://127.0.0.1:{port}"})
    assert client is not None
    positions: Acknowledgements | DeliveredPositions = (
        Acknowledgements(client)
        if kind == "acknowledged"
        else DeliveredPositions(sql_store, client)
    )
    positions.start()
    await move(positions, "tea", "ann", 4)
    await move(positions, "tea", "bob", 5)
    async with asyncio.timeout(15):
        while f"{kind}.not_published" not in caplog.text:
            await asyncio.sleep(0.05)
    await move(positions, "tea", "bob", 6)

    with run_redis(port):
        async with redis.asyncio.Redis(port=port, decode_responses=True) as looking:
            async with asyncio.timeout(15):
                while await looking.zscore(f"chat:{kind}:tea", "bob") != 6:
                    await asyncio.sleep(0.05)
            assert await looking.zscore(f"chat:{kind}:tea", "ann") == 4
        await positions.stop()
    await client.aclose()


@pytest.mark.parametrize("kind", ["acknowledged", "delivered"])
async def test_positions_of_a_former_epoch_are_not_found(sql_store: SqlStore, kind: str) -> None:
    """The first epoch uses the keys of releases that had none; each later one has its own."""
    port = free_port()
    client = make_redis({"address": f"redis://127.0.0.1:{port}"})
    assert client is not None
    positions: Acknowledgements | DeliveredPositions = (
        Acknowledgements(client)
        if kind == "acknowledged"
        else DeliveredPositions(sql_store, client)
    )
    with run_redis(port):
        positions.start()
        positions.use_epoch(Epoch(id="first", number=0))
        await move(positions, "tea", "ann", 4)
        async with redis.asyncio.Redis(port=port, decode_responses=True) as looking:
            async with asyncio.timeout(15):
                while await looking.zscore(f"chat:{kind}:tea", "ann") != 4:
                    await asyncio.sleep(0.05)

        positions.clear()
        positions.use_epoch(Epoch(id="second", number=1))

        assert await positions.positions("tea", ["ann"]) == {}
        await move(positions, "tea", "ann", 1)
        assert await positions.positions("tea", ["ann"]) == {"ann": 1}
        await positions.stop()
    await client.aclose()


async def test_delivered_positions_go_on_from_what_another_instance_knows(
    sql_store: SqlStore,
) -> None:
    """The store has it a minute later."""
    port = free_port()
    with run_redis(port):
        one, other = (make_redis({"address": f"redis://127.0.0.1:{port}"}) for _ in range(2))
        assert one is not None
        assert other is not None
        before, here = DeliveredPositions(sql_store, one), DeliveredPositions(sql_store, other)
        before.start()
        await before.advance("tea", "ann", 4, latest=True)
        async with asyncio.timeout(15):
            while await one.zscore("chat:delivered:tea", "ann") is None:
                await asyncio.sleep(0.05)

        assert not await here.advance("tea", "ann", 3)
        assert await here.advance("tea", "ann", 5)

        await before.stop()
        await one.aclose()
        await other.aclose()
