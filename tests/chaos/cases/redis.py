"""What happens to Redis."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from tests.chaos.cluster import Instance
from tests.chaos.scene import Case, Scene

_WITHOUT_REDIS = 3.0
_WITHOUT_REDIS_IN_PART = 10.0
_LAST_EVENT = 5.0
_COUNTED_AS_ENDED = 16.0


async def nothing(scene: Scene) -> None:
    """The crowd chats, and nobody disturbs it."""
    await asyncio.sleep(3)


async def killed(scene: Scene) -> None:
    await scene.cluster.redis.kill()
    await asyncio.sleep(scene.brief(10))
    await scene.cluster.redis.start()


async def hung(scene: Scene) -> None:
    scene.cluster.redis.hang()
    await asyncio.sleep(scene.brief(12))
    scene.cluster.redis.resume()


async def restarted_empty(scene: Scene) -> None:
    await scene.cluster.redis.kill()
    await scene.cluster.redis.start()


async def killed_while_connecting(scene: Scene) -> None:
    """Everybody connects while Redis is dying, and again while it is dead."""
    dropping = asyncio.gather(*(client.drop() for client in scene.crowd.clients))
    await scene.cluster.redis.kill()
    await dropping
    began = time.perf_counter()
    await scene.all_connected(seconds=20)
    scene.in_time("connecting without Redis", time.perf_counter() - began, 10)
    await asyncio.sleep(2)
    await scene.cluster.redis.start()


async def address_killed(scene: Scene) -> None:
    """Of two addresses, the second dies: some conversations are published there."""
    (second,) = scene.cluster.more_redis
    await second.kill()
    await asyncio.sleep(scene.brief(10))
    await second.start()


async def address_hung(scene: Scene) -> None:
    (second,) = scene.cluster.more_redis
    second.hang()
    await asyncio.sleep(scene.brief(12))
    second.resume()


async def slow(scene: Scene) -> None:
    for one in scene.cluster.instances:
        one.redis.delay = 0.3
    await asyncio.sleep(scene.brief(10))
    for one in scene.cluster.instances:
        one.redis.mend()


async def failed_over(scene: Scene) -> None:
    """The master dies, a Sentinel puts its replica in its place."""
    replica = scene.cluster.replica
    assert replica is not None
    await scene.cluster.redis.kill()
    async with asyncio.timeout(30):
        while (await replica.command("ROLE"))[0] != b"master":
            await asyncio.sleep(0.2)


async def out_of_memory(scene: Scene) -> None:
    """Nothing can be written; pub/sub goes on."""
    await scene.cluster.redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    await scene.cluster.redis.command("CONFIG", "SET", "maxmemory", "1")
    await asyncio.sleep(scene.brief(8))
    await scene.cluster.redis.command("CONFIG", "SET", "maxmemory", "0")


async def read_only(scene: Scene) -> None:
    """It is a replica all of a sudden, of a master that is not there."""
    await scene.cluster.redis.command("REPLICAOF", "127.0.0.1", "1")
    await asyncio.sleep(scene.brief(8))
    await scene.cluster.redis.command("REPLICAOF", "NO", "ONE")


async def wrong_password(scene: Scene) -> None:
    redis, password = scene.cluster.redis, "another"
    await redis.command("CONFIG", "SET", "requirepass", password)
    for kind in ("pubsub", "normal"):
        await redis.command("CLIENT", "KILL", "TYPE", kind, password=password)
    await asyncio.sleep(scene.brief(8))
    await redis.command("CONFIG", "SET", "requirepass", "", password=password)


async def cut_off(scene: Scene) -> None:
    """One instance is refused by Redis, the others are not."""
    one = scene.chance.choice(scene.cluster.instances)
    one.redis.cut()
    await asyncio.sleep(scene.brief(30))
    one.redis.mend()


async def cut_off_silently(scene: Scene) -> None:
    """What one instance and Redis say to each other no longer arrives."""
    one = scene.chance.choice(scene.cluster.instances)
    one.redis.hang()
    await asyncio.sleep(scene.brief(30))
    one.redis.mend()


async def said_without_redis(scene: Scene) -> None:
    """Only one instance commits anything, and it does not reach Redis, for so long that the others
    have counted it as ended: all that tells them is its note in the store."""
    await scene.traffic.pause()
    one = scene.chance.choice(scene.cluster.instances)
    room = scene.chance.choice(scene.crowd.rooms)
    rest = scene.rest_by(room.owner, one)
    one.redis.cut()
    await asyncio.sleep(_COUNTED_AS_ENDED)
    await scene.traffic.messages.send(room, room.owner, rest=rest)
    took = await scene.crowd.caught_up(scene.crowd.ledger.snapshot(), seconds=20)
    scene.in_time("hearing of it", 20.0 if took is None else took, _WITHOUT_REDIS_IN_PART)
    one.redis.mend()
    scene.traffic.start()


async def links_killed(scene: Scene) -> None:
    """Redis ends the subscribers' connections, again and again."""
    for _ in range(5):
        await scene.cluster.redis.command("CLIENT", "KILL", "TYPE", "pubsub")
        await asyncio.sleep(scene.chance.uniform(0.2, 1.5))


async def last_event_lost(scene: Scene) -> None:
    """What one instance publishes does not reach another, and then nothing more is said."""
    await scene.traffic.pause()
    for _ in range(3):
        room = scene.chance.choice(scene.crowd.rooms)
        deaf = scene.chance.choice(scene.cluster.instances)
        rest = scene.rest_by(room.owner, *scene.besides(deaf))
        async with _unheard(deaf):
            await scene.traffic.messages.send(room, room.owner, rest=rest)
        took = await scene.crowd.caught_up(scene.crowd.ledger.snapshot(), seconds=30)
        scene.in_time("the last message", 30.0 if took is None else took, _LAST_EVENT)
    scene.traffic.start()


@asynccontextmanager
async def _unheard(deaf: Instance) -> AsyncIterator[None]:
    """What is published meanwhile does not reach this instance, and its connections have gone
    when it listens again: too short a time to be told from none."""
    deaf.redis.hang()
    try:
        yield
        await asyncio.sleep(0.2)
    finally:
        deaf.redis.drop()


async def last_addition_lost(scene: Scene) -> None:
    """Somebody is added by an instance to a conversation of which their own never heard; the
    word does not get there, and then nothing more is said."""
    await scene.traffic.pause()
    crowd = scene.crowd
    tab = scene.chance.choice([client for client in crowd.clients if client.connected])
    deaf = next(one for one in scene.cluster.instances if one.name == tab.instance_id)
    founder = f"{tab.user_id}.founder"
    rest = scene.rest_by(founder, *scene.besides(deaf))
    founded = await rest.create_group(f"{founder}.friend", title="Small")
    async with _unheard(deaf):
        await rest.add(founded["id"], tab.user_id)
    began = time.perf_counter()
    while not tab.inside(founded["id"]) and time.perf_counter() - began < 30:
        await asyncio.sleep(0.05)
    scene.in_time("the last addition", time.perf_counter() - began, _LAST_EVENT)
    scene.traffic.start()


async def idle(scene: Scene) -> None:
    """Nothing is said for more than a minute; what comes then still arrives."""
    await scene.traffic.pause()
    closes = scene.closes()
    await asyncio.sleep(65)
    scene.require(scene.closes() == closes, "idle sockets were closed")
    scene.traffic.start()
    await asyncio.sleep(3)


async def burst(scene: Scene) -> None:
    """Everybody in one conversation talks at once; those in another are not kept waiting."""
    loud, quiet = scene.crowd.rooms[1], scene.crowd.rooms[2]
    send = scene.traffic.messages.send
    # On connections of their own: what waits for a free one here is not the product's fault.
    rest = scene.rest_by(quiet.owner, *scene.cluster.instances)
    times = []
    shouting = asyncio.gather(*(send(loud, loud.owner) for _ in range(scene.many(500))))
    while not shouting.done():
        sent = await send(quiet, quiet.owner, rest=rest)
        times.append((sent.acknowledged_at or time.perf_counter()) - sent.began)
        await asyncio.sleep(0.05)
    await shouting
    scene.figures["answers beside the burst"] = len(times)
    scene.in_time("the slowest of them", max(times), 3)


_DOWN = Case(name="redis-killed", act=killed, delivers_within=_WITHOUT_REDIS)
_ONE_OF_TWO = replace(_DOWN, addresses=2)
_MANY = {"CHAT_MAX_BEACONS": "0"}
"""Three instances act as more than 100 do."""

CASES: Sequence[Case] = (
    Case(name="nothing", act=nothing, delivers_within=2.0),
    _DOWN,
    replace(_DOWN, name="redis-hung", act=hung),
    replace(_DOWN, name="redis-restarted-empty", act=restarted_empty),
    replace(_DOWN, name="redis-killed-at-connect", act=killed_while_connecting),
    replace(_DOWN, name="redis-slow", act=slow),
    replace(_DOWN, name="redis-failover", act=failed_over, sentinel=True),
    replace(_DOWN, name="redis-out-of-memory", act=out_of_memory),
    replace(_DOWN, name="redis-read-only", act=read_only),
    replace(_DOWN, name="redis-wrong-password", act=wrong_password),
    Case(name="redis-cut-off", act=cut_off, delivers_within=_WITHOUT_REDIS_IN_PART),
    Case(name="redis-silent", act=cut_off_silently, delivers_within=_WITHOUT_REDIS_IN_PART),
    Case(name="said-without-redis", act=said_without_redis),
    Case(name="redis-link-killed", act=links_killed, delivers_within=_LAST_EVENT),
    Case(name="last-event-lost", act=last_event_lost, delivers_within=_LAST_EVENT),
    Case(name="last-addition-lost", act=last_addition_lost),
    Case(name="idle", act=idle),
    Case(name="burst", act=burst),
    replace(_ONE_OF_TWO, name="redis-address-killed", act=address_killed),
    replace(_ONE_OF_TWO, name="redis-first-address-killed"),
    replace(_ONE_OF_TWO, name="redis-address-hung", act=address_hung),
    replace(_DOWN, name="many-redis-killed", settings=_MANY),
    replace(_DOWN, name="many-redis-hung", act=hung, settings=_MANY),
    replace(_DOWN, name="many-redis-restarted-empty", act=restarted_empty, settings=_MANY),
    replace(_DOWN, name="many-redis-out-of-memory", act=out_of_memory, settings=_MANY),
    Case(
        name="many-redis-cut-off",
        act=cut_off,
        delivers_within=_WITHOUT_REDIS_IN_PART,
        settings=_MANY,
    ),
    Case(
        name="many-redis-link-killed",
        act=links_killed,
        delivers_within=_LAST_EVENT,
        settings=_MANY,
    ),
    Case(
        name="many-last-event-lost",
        act=last_event_lost,
        delivers_within=_LAST_EVENT,
        settings=_MANY,
    ),
    Case(name="many-last-addition-lost", act=last_addition_lost, settings=_MANY),
)
