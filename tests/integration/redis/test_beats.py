"""Beats of several instances in a real Redis: who is silent, and what another program writes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import pytest
import redis.asyncio

from messaging.redis import beats as beats_module
from messaging.redis.beats import Beating, Beats
from messaging.redis.client import make_redis

OWN = Beating(reads=2, addresses="0a1b2c3d")


@asynccontextmanager
async def beating(url: str, *boot_ids: str, key: str) -> AsyncIterator[list[Beats]]:
    async with AsyncExitStack() as exit_:
        instances = [
            Beats(make_redis({"address": url}), boot_id=boot_id, own=OWN, key=key)
            for boot_id in boot_ids
        ]
        for one in instances:
            exit_.push_async_callback(one.close)
        yield instances


@pytest.fixture(name="key")
def _key() -> str:
    return f"chat:beats:{uuid4().hex}"


async def test_instances_know_each_other(redis_server: str, key: str) -> None:
    async with beating(redis_server, "a", "b", key=key) as (here, there):
        await there.beat(quiet=False)
        read = await here.beat(quiet=False)

        assert read is not None
        assert read.everyone == {"b": OWN}
        assert read.silent == {}


async def test_silence_is_known_until_there_is_a_beat(
    redis_server: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its age by the clock of Redis; most beats read nothing else."""
    monkeypatch.setattr(beats_module, "SILENT_SECONDS", 0.1)
    async with beating(redis_server, "a", "b", key=key) as (here, there):
        await there.beat(quiet=False)
        read = await here.beat(quiet=False)
        async with asyncio.timeout(20):
            while read is None or not read.silent:
                read = await here.beat(quiet=False)
        assert read.silent["b"] >= 0.1

        await there.beat(quiet=False)
        read = await here.beat(quiet=False)
        assert read is not None
        assert read.silent == {}


async def test_quiet_or_not_an_instance_has_one_entry(redis_server: str, key: str) -> None:
    async with beating(redis_server, "a", "b", "c", key=key) as (*others, there):
        for here, quiet in zip(others, (True, False), strict=True):
            await there.beat(quiet=not quiet)
            await there.beat(quiet=quiet)
            read = await here.beat(quiet=True)

            assert read is not None
            assert read.everyone is not None
            assert read.everyone["c"].quiet is quiet


async def test_who_leaves_is_gone(redis_server: str, key: str) -> None:
    async with beating(redis_server, "a", "b", key=key) as (here, there):
        await there.beat(quiet=False)
        await there.leave()
        read = await here.beat(quiet=False)

        assert read is not None
        assert read.everyone == {}


async def test_what_another_program_writes(redis_server: str, key: str) -> None:
    """A key of another type is created again; members without the form of a beat count as none, and
    times ahead of the clock do not stay."""
    async with (
        redis.asyncio.Redis.from_url(redis_server) as raw,
        beating(redis_server, "a", "b", key=key) as (here, there),
    ):
        await raw.execute_command("RPUSH", key, "x")  # type: ignore[no-untyped-call]
        await there.beat(quiet=False)
        await raw.zadd(
            key,
            {
                b"\xff": 1e9,
                b"b": 2e9,
                b"c.2.0a1b2c3d.0": 9e15,
                b"../d.2.0a1b2c3d.0": 5,
            },
        )
        read = await here.beat(quiet=False)

        assert read is not None
        assert read.everyone == {"b": OWN}
        assert read.silent == {}


async def test_a_redis_that_does_not_answer_is_no_news(key: str) -> None:
    async with beating("redis://127.0.0.1:1", "a", key=key) as (here,):
        assert await here.beat(quiet=False) is None
        await here.leave()


async def test_a_beat_costs_the_same_among_a_thousand(redis_server: str, key: str) -> None:
    """Most beats read nobody's name: all together do not cost the square of their number."""
    async with (
        redis.asyncio.Redis.from_url(redis_server) as raw,
        beating(redis_server, "a", key=key) as (here,),
    ):
        await here.beat(quiet=False)
        seconds, _ = await raw.time()
        for start in range(0, 1_000, 100):
            names = {f"{number:016x}.2.0a1b2c3d.1": seconds for number in range(start, start + 100)}
            await raw.zadd(key, names)
        before = (await raw.info("stats"))["total_net_output_bytes"]
        for _ in range(4):
            assert await here.beat(quiet=False) is not None
        after = (await raw.info("stats"))["total_net_output_bytes"]
        read = await here.beat(quiet=False)

        assert after - before < 20_000  # with the answer to INFO
        assert read is not None
        assert read.everyone is not None
        assert len(read.everyone) == 1_000
