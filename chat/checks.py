"""Start-up checks: a harmful or useless setting stops the start with an error that names it."""

import ipaddress
import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import Error, register

from messaging.delivery.link.signing import LEAST_KEY_CHARACTERS, Mode
from messaging.domain.limits import wrong_limits
from messaging.files.setting_rules import mistakes
from messaging.outbound.addresses import parse_networks
from messaging.redis.raw_layer import FORMAT as RAW_FORMAT
from messaging.redis.setting_rules import Mistake, clusters
from messaging.redis.setting_rules import mistakes as redis_mistakes

TAG = "chat"
_LAYER = "channels_redis.pubsub.RedisPubSubChannelLayer"
_KEY_HINT = (
    "CHAT_LINK_KEYS is a comma-separated list of keys: the first key signs, every key verifies. "
    "`openssl rand -base64 32` generates a key."
)
_MAX_PROXIES = 20
_KEY_CHARACTERS, _KEY_DISTINCT = 50, 5
_NAME = r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]"
_HOST = re.compile(rf"\*|\.?({_NAME})")
_ORIGIN = re.compile(rf"[a-z][a-z0-9+.-]*://({_NAME})(:[0-9]{{1,5}})?")


@register(TAG)
def check_names(**_: Any) -> list[checks.Warning]:
    """Return a warning for each variable that looks like a setting but is not one."""
    return [
        checks.Warning(
            f"{name} is set, but this version has no such setting.",
            "docs/settings.md lists the settings. Correct the name, or unset the variable.",
            id="chat.W001",
        )
        for name in settings.CHAT_UNKNOWN_VARIABLES
    ]


@register(TAG, deploy=True)
def check_proxies(**_: Any) -> list[checks.Warning]:
    """Return a warning if uvicorn trusts every peer as a proxy."""
    trusted = os.environ.get("FORWARDED_ALLOW_IPS", "")
    if not _holds_every_address(trusted):
        return []
    return [
        checks.Warning(
            f"FORWARDED_ALLOW_IPS is {trusted!r}: uvicorn accepts the client's address from any "
            "peer.",
            "Set it to the addresses or networks of the proxies, for example "
            "FORWARDED_ALLOW_IPS=10.0.0.0/8, or let only the proxy reach the port. If a "
            "balancer appends its own address, set TRUSTED_PROXIES=2.",
            id="chat.W002",
        )
    ]


def _holds_every_address(trusted: str) -> bool:
    """Return whether these addresses and networks contain all of IPv4 or all of IPv6, in one
    network or in several."""
    networks: dict[int, list[Any]] = {4: [], 6: []}
    for item in trusted.split(","):
        if item.strip() == "*":
            return True
        with suppress(ValueError):  # a name, which uvicorn compares as it is
            network = ipaddress.ip_network(item.strip())
            networks[network.version].append(network)
    return any(
        whole.prefixlen == 0
        for ranges in networks.values()
        for whole in ipaddress.collapse_addresses(ranges)
    )


@register(TAG)
def check_settings(**_: Any) -> list[Error]:
    """Return an error for each wrong setting, with a hint that says how to correct it."""
    return [
        *_one_of("CHAT_STORE", ("sql", "firestore"), "chat.E001"),
        *_one_of("CHAT_AUTH", ("firebase", "dev"), "chat.E002"),
        *_one_of("PUSH_BACKEND", ("log", "fcm"), "chat.E003"),
        *_one_of("CHAT_SEARCH", ("database", "off"), "chat.E038"),
        *_development_only(),
        *_secret_key(),
        *_project_named(),
        *_connections(),
        *_trusted_proxies(),
        *_limits(),
        *_files(),
        *_outbound(),
        *_redis(),
        *_link_signatures(),
        *_origins(),
        *_hosts(),
        *_queue(),
        *_credentials(),
    ]


def _one_of(name: str, values: tuple[str, ...], identifier: str) -> list[Error]:
    value = getattr(settings, name)
    if value in values:
        return []
    hint = f"Set {name} to {' or '.join(values)}."
    return [Error(f"{name} is {value!r}, which is not supported.", hint, id=identifier)]


def _development_only() -> list[Error]:
    if settings.DEBUG:
        return []
    errors = []
    if settings.CHAT_AUTH == "dev":
        message = "CHAT_AUTH=dev accepts tokens that anyone with SECRET_KEY can create."
        errors.append(Error(message, "Set CHAT_AUTH=firebase, or DEBUG=1.", id="chat.E004"))
    if settings.FIREBASE_AUTH_EMULATOR_HOST:
        message = "With FIREBASE_AUTH_EMULATOR_HOST set, firebase-admin accepts unsigned tokens."
        errors.append(Error(message, "Unset it, or set DEBUG=1.", id="chat.E005"))
    return errors


def _connections() -> list[Error]:
    if settings.DATABASE_CONNECTIONS >= 1:
        return []
    message = f"DATABASE_CONNECTIONS is {settings.DATABASE_CONNECTIONS}; at least 1 is needed."
    return [Error(message, "Set it to 1 or more, for example 8.", id="chat.E017")]


def _trusted_proxies() -> list[Error]:
    if 0 <= settings.TRUSTED_PROXIES <= _MAX_PROXIES:
        return []
    message = f"TRUSTED_PROXIES is {settings.TRUSTED_PROXIES}, which is out of range."
    hint = (
        "Set it to the number of addresses that your own proxies append to X-Forwarded-For, from "
        f"0 to {_MAX_PROXIES}, or unset it."
    )
    return [Error(message, hint, id="chat.E035")]


def _limits() -> list[Error]:
    hint = "messaging/domain/limits.py lists the minimum and the maximum of each limit."
    changed = getattr(settings, "CHAT_LIMITS", {})
    return [Error(wrong, hint, id="chat.E034") for wrong in wrong_limits(changed)]


def _files() -> list[Error]:
    found = mistakes(
        storage=settings.CHAT_FILES,
        bucket=settings.CHAT_FILES_BUCKET,
        types=settings.CHAT_FILES_TYPES,
        scanner=settings.CHAT_CLAMD,
    )
    return [Error(mistake.text, mistake.hint, id="chat.E036") for mistake in found]


def _outbound() -> list[Error]:
    hint = "It is a comma-separated list of networks, for example 10.1.0.0/16,fd12:3456::/32."
    try:
        parse_networks(settings.CHAT_OUTBOUND_ALLOWED_NETWORKS)
    except ValueError as error:
        return [Error(f"CHAT_OUTBOUND_ALLOWED_NETWORKS: {error}", hint, id="chat.E037")]
    return []


def _secret_key() -> list[Error]:
    """Apply the rule of Django's deployment check (security.W009), but stop the start."""
    key = settings.SECRET_KEY
    weak = (
        len(key) < _KEY_CHARACTERS
        or len(set(key)) < _KEY_DISTINCT
        or key.startswith("django-insecure-")
    )
    if settings.DEBUG or not weak:
        return []
    message = (
        f"SECRET_KEY has fewer than {_KEY_CHARACTERS} characters, fewer than {_KEY_DISTINCT} "
        "different ones, or is one of Django's examples. It signs the admin's sessions."
    )
    hint = "python -c 'import secrets; print(secrets.token_urlsafe(64))' generates one."
    return [Error(message, hint, id="chat.E018")]


def _project_named() -> list[Error]:
    needed = [
        text
        for text, is_used in (
            ("CHAT_STORE=firestore", settings.CHAT_STORE == "firestore"),
            ("CHAT_AUTH=firebase (the default)", settings.CHAT_AUTH == "firebase"),
            ("PUSH_BACKEND=fcm", settings.PUSH_BACKEND == "fcm"),
        )
        if is_used
    ]
    if not needed or settings.GOOGLE_CLOUD_PROJECT:
        return []
    message = f"GOOGLE_CLOUD_PROJECT is not set, but required by {', '.join(needed)}."
    hint = "Set GOOGLE_CLOUD_PROJECT to the id of the project."
    if settings.CHAT_AUTH == "firebase":
        hint += " For development without Firebase, set CHAT_AUTH=dev and DEBUG=1."
    return [Error(message, hint, id="chat.E006")]


def _redis() -> list[Error]:
    found = redis_mistakes(
        url=settings.REDIS_URL,
        sentinels=settings.REDIS_SENTINELS,
        master=settings.REDIS_SENTINEL_MASTER,
        max_beacons=settings.CHAT_MAX_BEACONS,
    )
    wrong = [*_redis_errors(found), *_channel_layer()]
    return wrong or _redis_errors(clusters(settings.REDIS_URL))


def _redis_errors(found: Iterable[Mistake]) -> list[Error]:
    return [Error(mistake.text, mistake.hint, id=mistake.id) for mistake in found]


def _channel_layer() -> list[Error]:
    layer = getattr(settings, "CHANNEL_LAYERS", {}).get("default", {}).get("BACKEND", _LAYER)
    if layer != _LAYER:
        message = f"The channel layer is {layer}, which loses events silently."
        return [Error(message, f"Set BACKEND in CHANNEL_LAYERS to {_LAYER}.", id="chat.E010")]
    config = getattr(settings, "CHANNEL_LAYERS", {}).get("default", {}).get("CONFIG", {})
    if config and config.get("serializer_format") != RAW_FORMAT:
        message = "The channel layer decodes messages itself, so a foreign message stops it."
        hint = f'Set "serializer_format": "{RAW_FORMAT}" in the CONFIG of CHANNEL_LAYERS.'
        return [Error(message, hint, id="chat.E033")]
    return []


def _link_signatures() -> list[Error]:
    keys, mode = settings.CHAT_LINK_KEYS, settings.CHAT_LINK_SIGNATURES
    if mode not in set(Mode):
        message = f"CHAT_LINK_SIGNATURES is {mode!r}, which is not supported."
        return [Error(message, f"Set it to one of: {', '.join(Mode)}.", id="chat.E030")]
    if mode != Mode.OFF and not keys:
        message = f"CHAT_LINK_SIGNATURES is {mode}, but CHAT_LINK_KEYS is empty."
        return [Error(message, _KEY_HINT, id="chat.E031")]
    if any(len(key) < LEAST_KEY_CHARACTERS for key in keys):
        message = f"A key in CHAT_LINK_KEYS has fewer than {LEAST_KEY_CHARACTERS} characters."
        return [Error(message, _KEY_HINT, id="chat.E032")]
    return []


def _origins() -> list[Error]:
    hint = "An origin is a scheme and a host without a path, for example https://app.example."
    return [
        Error(f"ALLOWED_ORIGINS contains {origin!r}, which is not an origin.", hint, id="chat.E013")
        for origin in settings.ALLOWED_ORIGINS
        if not _ORIGIN.fullmatch(origin)
    ]


def _hosts() -> list[Error]:
    hint = "A host has no scheme and no port: chat.example, or .example with all its subdomains."
    return [
        Error(f"ALLOWED_HOSTS contains {host!r}, which is not a host name.", hint, id="chat.E014")
        for host in settings.ALLOWED_HOSTS
        if not _HOST.fullmatch(host)
    ]


def _queue() -> list[Error]:
    url = settings.NOTIFICATION_QUEUE_URL
    if not url:
        return []
    hint = "`manage.py create_notification_queues NAME` creates a queue and prints its URL."
    if not re.match(r"https?://[^/]+/.+", url):
        message = f"NOTIFICATION_QUEUE_URL is {url!r}, which is not the URL of a queue."
        return [Error(message, hint, id="chat.E015")]
    if url.endswith(".fifo"):
        message = "NOTIFICATION_QUEUE_URL names a FIFO queue, which cannot delay individual jobs."
        return [Error(message, hint, id="chat.E015")]
    return []


def _credentials() -> list[Error]:
    file = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if not file:
        return []
    hint = "Set it to the JSON file of a service account. On Google's machines, unset it."
    wrong = None
    try:
        if not isinstance(json.loads(Path(file).read_text()), dict):
            wrong = "is not a service account"
    except OSError as error:
        wrong = f"cannot be read: {error.strerror}"
    except ValueError:
        wrong = "is not valid JSON"
    if wrong is None:
        return []
    message = f"GOOGLE_APPLICATION_CREDENTIALS names {file}, which {wrong}."
    return [Error(message, hint, id="chat.E016")]
