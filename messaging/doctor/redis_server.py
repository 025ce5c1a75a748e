"""The examination of Redis: what it is, what it allows, and how fast it is."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import redis.asyncio
from django.conf import settings
from redis import exceptions

from messaging.doctor.findings import Finding, Stopwatch, note, well, wrong
from messaging.redis.client import UNREACHABLE, describe, make_redis

_LEAST_VERSION = (6, 2)
"""Which brought ZMSCORE, SMISMEMBER, and ZADD with GT."""
_ECHO_SECONDS = 2.0
_SLOW_MS = 50
_FULL = 0.9

_SETTING = "REDIS_URL (or REDIS_SENTINELS)"
_REFUSALS: Sequence[tuple[str, str, str]] = (
    (
        "wrongpass",
        "does not accept user and password",
        "Mend them in the URL; / ? # [ ] @ : in them are written as %2F and so on.",
    ),
    ("invalid username-password", "does not accept user and password", "Mend them in the URL."),
    ("noauth", "asks for a password", "Put one into the URL: redis://:password@host:6379/0."),
    ("authentication required", "asks for a password", "redis://:password@host:6379/0."),
    (
        "noperm",
        "does not let this user do what chat needs",
        "Give the user of the ACL the keys ~chat:*, the channels &chat* and README's commands.",
    ),
    ("no permissions", "does not let this user do what chat needs", "Give it ~chat:* and &chat*."),
    ("readonly", "is a replica, which takes no writes", "Name the primary, or use Sentinel."),
    ("read only", "is a replica, which takes no writes", "Name the primary, or use Sentinel."),
    ("oom", "is out of memory and takes no writes", "Raise maxmemory."),
    ("maxmemory", "is out of memory and takes no writes", "Raise maxmemory."),
    (
        "certificate_verify_failed",
        "shows a certificate that nobody vouches for",
        "Name its CA: rediss://…?ssl_ca_certs=/path/to/ca.pem.",
    ),
    ("no master found", "has no master that the sentinels know", "Mend REDIS_SENTINEL_MASTER."),
    ("loading", "is still loading its data", "Wait a moment."),
)
"""What stands in an error of redis-py, in lower case; what it means; what to do."""


async def examine_redis() -> Sequence[Finding]:
    client = make_redis(settings.REDIS)
    if client is None:
        return [well("None is configured: this is the only instance.")]
    try:
        return await _examine(client)
    except UNREACHABLE as error:
        return [_explained(error)]
    finally:
        await client.aclose()


async def _examine(client: redis.asyncio.Redis) -> Sequence[Finding]:
    await client.time()
    watch = Stopwatch()
    await client.time()
    findings = [well(f"Redis answers in {watch.ms}.")]
    if watch.seconds * 1000 > _SLOW_MS:
        remedy = "Move it nearer: every publish of a conversation takes a round trip."
        findings.append(note(f"Redis takes {watch.ms} for an answer.", remedy))
    findings += await _about(client)
    key = f"chat:doctor:{secrets.token_hex(4)}"
    await client.set(key, "1", ex=10)
    await client.delete(key)
    return [*findings, await _echo(client)]


async def _about(client: redis.asyncio.Redis) -> Sequence[Finding]:
    """What INFO tells, which chat itself does without."""
    try:
        server, memory = await client.info("server"), await client.info("memory")
    except exceptions.NoPermissionError:
        return [well("Version and memory are not known: this user may not use INFO.")]
    return [*_of_server(server), *_of_memory(memory)]


async def _echo(client: redis.asyncio.Redis) -> Finding:
    """From a publish to its arrival, as events go."""
    channel = f"chat.doctor.{secrets.token_hex(4)}"
    async with client.pubsub() as listening:
        await listening.subscribe(channel)
        await listening.get_message(timeout=_ECHO_SECONDS)  # that it is subscribed
        watch = Stopwatch()
        await client.publish(channel, "1")
        arrived = await listening.get_message(timeout=_ECHO_SECONDS)
    if arrived is None:
        text = f"{_SETTING}: what is published does not arrive."
        return wrong(text, "See whether a proxy is in between that does not carry pub/sub.")
    return well(f"What is published arrives in {watch.ms}.")


def _of_server(info: Mapping[str, Any]) -> Sequence[Finding]:
    version = str(info.get("redis_version", "0"))
    numbers = tuple(int(part) for part in version.split(".")[:2])
    findings = []
    if numbers < _LEAST_VERSION:
        text = f"{_SETTING}: this is Redis {version}, which lacks commands that chat needs."
        findings.append(wrong(text, "Use Redis 6.2 or newer."))
    if info.get("redis_mode") == "cluster":
        text = f"{_SETTING}: this is a Redis Cluster, on which the channel layer does not work."
        findings.append(wrong(text, "Use a single Redis, or one behind Sentinel."))
    return findings or [well(f"It is version {version}.")]


def _of_memory(info: Mapping[str, Any]) -> Sequence[Finding]:
    used, most = int(info["used_memory"]), int(info.get("maxmemory", 0))
    policy = str(info.get("maxmemory_policy", "noeviction"))
    findings = []
    if most and used > _FULL * most:
        text = f"Redis uses {used / most:.0%} of its maxmemory."
        findings.append(note(text, "Raise it before it is full and takes no writes."))
    if most and policy != "noeviction":
        text = f"maxmemory-policy is {policy}: when memory is short, people seem to be offline."
        findings.append(note(text, "Set it to noeviction, and give chat a Redis of its own."))
    return findings


def _explained(error: BaseException) -> Finding:
    said = describe(error)
    for words, meaning, remedy in _REFUSALS:
        if words in said.lower():
            return wrong(f"{_SETTING}: Redis {meaning}. It says: {said}", remedy)
    if isinstance(error, exceptions.ResponseError):
        return wrong(f"{_SETTING}: Redis refuses. It says: {said}", "See its log.")
    if isinstance(error, exceptions.TimeoutError | asyncio.TimeoutError):
        text = f"{_SETTING}: Redis takes connections and says nothing, or none arrive. {said}"
        return wrong(text, "See whether it hangs, and whether a firewall drops what is sent.")
    text = f"{_SETTING}: Redis cannot be reached. {said}"
    return wrong(text, "See whether it runs there; rediss:// is for TLS, redis:// for none.")
