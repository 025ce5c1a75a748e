"""The examination of Redis: its version, its permissions and its speed."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import redis.asyncio
from django.conf import settings
from redis import exceptions

from messaging.doctor.findings import Finding, Stopwatch, ok, problem, warning
from messaging.redis.client import UNREACHABLE, describe, make_redis
from messaging.redis.hosts import Host, address_of

_LEAST_VERSION = (6, 2)
"""The first version with ZMSCORE, SMISMEMBER, and ZADD with GT."""
_ECHO_SECONDS = 2.0
_SLOW_MS = 50
_FULL = 0.9

_SETTING = "REDIS_URL (or REDIS_SENTINELS)"
_REFUSALS: Sequence[tuple[str, str, str]] = (
    (
        "wrongpass",
        "does not accept user and password",
        "Correct them in the URL; percent-encode / ? # [ ] @ : in them (%2F and so on).",
    ),
    ("invalid username-password", "does not accept user and password", "Correct them in the URL."),
    ("noauth", "requires a password", "Add one to the URL: redis://:password@host:6379/0."),
    ("authentication required", "requires a password", "redis://:password@host:6379/0."),
    (
        "noperm",
        "denies this user a permission that chat needs",
        "Give the ACL user the keys ~chat:*, the channels &chat* and the documented commands.",
    ),
    (
        "no permissions",
        "denies this user a permission that chat needs",
        "Give it ~chat:* and &chat*.",
    ),
    ("readonly", "is a replica, which refuses writes", "Name the primary, or use Sentinel."),
    ("read only", "is a replica, which refuses writes", "Name the primary, or use Sentinel."),
    ("oom", "is out of memory and refuses writes", "Raise maxmemory."),
    ("maxmemory", "is out of memory and refuses writes", "Raise maxmemory."),
    (
        "certificate_verify_failed",
        "has a certificate that is not trusted",
        "Name its CA: rediss://…?ssl_ca_certs=/path/to/ca.pem.",
    ),
    (
        "no master found",
        "has no primary of this name in Sentinel",
        "Correct REDIS_SENTINEL_MASTER.",
    ),
    ("loading", "is still loading its data", "Wait a moment."),
)
"""A lower-case fragment of redis-py's error, its meaning, and what to do."""


async def examine_redis() -> Sequence[Finding]:
    if settings.REDIS is None:
        return [ok("No Redis is configured: this is the only instance.")]
    if not settings.MORE_REDIS:
        return await _examine_host(settings.REDIS)
    hosts = [settings.REDIS, *settings.MORE_REDIS]
    examined = await asyncio.gather(*map(_examine_host, hosts))
    return [
        replace(finding, text=f"{address_of(host)}: {finding.text}")
        for host, findings in zip(hosts, examined, strict=True)
        for finding in findings
    ]


async def _examine_host(host: Host) -> Sequence[Finding]:
    client = make_redis(host)
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
    findings = [ok(f"Redis answers in {watch.ms}.")]
    if watch.seconds * 1000 > _SLOW_MS:
        remedy = "Move Redis closer: every publish of a conversation takes a round trip."
        findings.append(warning(f"Redis is slow: it answers in {watch.ms}.", remedy))
    findings += await _about(client)
    key = f"chat:doctor:{secrets.token_hex(4)}"
    await client.set(key, "1", ex=10)
    await client.delete(key)
    return [*findings, await _echo(client)]


async def _about(client: redis.asyncio.Redis) -> Sequence[Finding]:
    """Examine the output of INFO. Chat itself does not need INFO."""
    try:
        server, memory = await client.info("server"), await client.info("memory")
    except exceptions.NoPermissionError:
        return [ok("Version and memory are unknown: this user may not run INFO.")]
    return [*_of_server(server), *_of_memory(memory)]


async def _echo(client: redis.asyncio.Redis) -> Finding:
    """Measure the time from a publish to its arrival, the way events travel."""
    channel = f"chat.doctor.{secrets.token_hex(4)}"
    async with client.pubsub() as listening:
        await listening.subscribe(channel)
        await listening.get_message(timeout=_ECHO_SECONDS)  # the confirmation of the subscription
        watch = Stopwatch()
        await client.publish(channel, "1")
        arrived = await listening.get_message(timeout=_ECHO_SECONDS)
    if arrived is None:
        text = f"{_SETTING}: a published message does not arrive."
        return problem(text, "Check for a proxy in between that does not forward pub/sub.")
    return ok(f"A published message arrives in {watch.ms}.")


def _of_server(info: Mapping[str, Any]) -> Sequence[Finding]:
    version = str(info.get("redis_version", "0"))
    numbers = tuple(int(part) for part in version.split(".")[:2])
    findings = []
    if numbers < _LEAST_VERSION:
        text = f"{_SETTING}: this is Redis {version}, which lacks commands that chat needs."
        findings.append(problem(text, "Use Redis 6.2 or newer."))
    if info.get("redis_mode") == "cluster":
        text = f"{_SETTING}: this is a Redis Cluster, which the channel layer does not support."
        findings.append(problem(text, "Use a single Redis, or one behind Sentinel."))
    return findings or [ok(f"The version is {version}.")]


def _of_memory(info: Mapping[str, Any]) -> Sequence[Finding]:
    used, most = int(info["used_memory"]), int(info.get("maxmemory", 0))
    policy = str(info.get("maxmemory_policy", "noeviction"))
    findings = []
    if most and used > _FULL * most:
        text = f"Redis uses {used / most:.0%} of its maxmemory."
        findings.append(warning(text, "Raise maxmemory before Redis is full and refuses writes."))
    if most and policy != "noeviction":
        text = f"maxmemory-policy is {policy}: when memory is short, people appear offline."
        findings.append(warning(text, "Set it to noeviction, and give chat its own Redis."))
    return findings


def _explained(error: BaseException) -> Finding:
    said = describe(error)
    for words, meaning, remedy in _REFUSALS:
        if words in said.lower():
            return problem(f"{_SETTING}: Redis {meaning}. Its error: {said}", remedy)
    if isinstance(error, exceptions.ResponseError):
        return problem(f"{_SETTING}: Redis refuses. Its error: {said}", "See the log of Redis.")
    if isinstance(error, exceptions.TimeoutError | asyncio.TimeoutError):
        text = f"{_SETTING}: Redis does not answer in time. {said}"
        return problem(text, "Check whether Redis hangs, or a firewall drops packets.")
    text = f"{_SETTING}: Redis cannot be reached. {said}"
    return problem(text, "Check that Redis runs there. rediss:// uses TLS, redis:// does not.")
