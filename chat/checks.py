"""Start-up checks: a setting that would do harm, or nothing, stops the start with its name."""

import json
import os
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import Error, register

from messaging.delivery.link.signing import LEAST_KEY_CHARACTERS, Mode
from messaging.domain.limits import wrong_limits
from messaging.redis.client import is_cluster
from messaging.redis.hosts import find_redis
from messaging.redis.raw_layer import FORMAT as RAW_FORMAT

TAG = "chat"
_LAYER = "channels_redis.pubsub.RedisPubSubChannelLayer"
_SENTINEL_HINT = (
    "For example REDIS_SENTINELS=10.0.0.1:26379,10.0.0.2:26379,10.0.0.3:26379 and "
    "REDIS_SENTINEL_MASTER=redis://:password@chat (or only chat, the name of the master)."
)
_KEY_HINT = (
    "CHAT_LINK_KEYS has keys, comma-separated: the first one signs, all of them verify. "
    "`openssl rand -base64 32` makes one."
)
_MAX_PROXIES = 20
_KEY_CHARACTERS = 50
_KEY_DISTINCT = 5
_NAME = r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]"
_HOST = re.compile(rf"\*|\.?({_NAME})")
_ORIGIN = re.compile(rf"[a-z][a-z0-9+.-]*://({_NAME})(:[0-9]{{1,5}})?")


@register(TAG)
def check_names(**_: Any) -> list[checks.Warning]:
    """Return a warning for each variable that looks like a setting and is none."""
    return [
        checks.Warning(
            f"{name} is set, and is no setting of this version.",
            "README.md lists the settings. Correct the name, or unset it.",
            id="chat.W001",
        )
        for name in settings.CHAT_UNKNOWN_VARIABLES
    ]


@register(TAG, deploy=True)
def check_proxies(**_: Any) -> list[checks.Warning]:
    """Return a warning where uvicorn believes every peer to be a proxy."""
    if "*" not in os.environ.get("FORWARDED_ALLOW_IPS", ""):
        return []
    return [
        checks.Warning(
            "FORWARDED_ALLOW_IPS is '*': uvicorn takes the client's address from any peer.",
            "Name the addresses or networks of the proxies, for example "
            "FORWARDED_ALLOW_IPS=10.0.0.0/8, or let only the proxy reach the port. Where a "
            "balancer appends an address of its own, set TRUSTED_PROXIES=2.",
            id="chat.W002",
        )
    ]


@register(TAG)
def check_settings(**_: Any) -> list[Error]:
    """Every wrong setting, with how to mend it."""
    return [
        *_one_of("CHAT_STORE", ("sql", "firestore"), "chat.E001"),
        *_one_of("CHAT_AUTH", ("firebase", "dev"), "chat.E002"),
        *_one_of("PUSH_BACKEND", ("log", "fcm"), "chat.E003"),
        *_development_only(),
        *_secret_key(),
        *_project_named(),
        *_connections(),
        *_trusted_proxies(),
        *_limits(),
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
    return [Error(f"{name} is {value!r}, which this version does not know.", hint, id=identifier)]


def _development_only() -> list[Error]:
    if settings.DEBUG:
        return []
    errors = []
    if settings.CHAT_AUTH == "dev":
        message = "CHAT_AUTH=dev accepts tokens that anybody with SECRET_KEY can make."
        errors.append(Error(message, "Set CHAT_AUTH=firebase, or DEBUG=1.", id="chat.E004"))
    if settings.FIREBASE_AUTH_EMULATOR_HOST:
        message = "With FIREBASE_AUTH_EMULATOR_HOST set, firebase-admin accepts unsigned tokens."
        errors.append(Error(message, "Unset it, or set DEBUG=1.", id="chat.E005"))
    return errors


def _connections() -> list[Error]:
    if settings.DATABASE_CONNECTIONS >= 1:
        return []
    message = f"DATABASE_CONNECTIONS is {settings.DATABASE_CONNECTIONS}: nothing could be stored."
    return [Error(message, "Set it to 1 or more, for example 8.", id="chat.E017")]


def _trusted_proxies() -> list[Error]:
    if 0 <= settings.TRUSTED_PROXIES <= _MAX_PROXIES:
        return []
    message = f"TRUSTED_PROXIES is {settings.TRUSTED_PROXIES}, which is no number of proxies."
    hint = "Set it to how many addresses your own proxies append to X-Forwarded-For, or unset it."
    return [Error(message, hint, id="chat.E035")]


def _limits() -> list[Error]:
    hint = "The least and the most of each stand in messaging/domain/limits.py."
    changed = getattr(settings, "CHAT_LIMITS", {})
    return [Error(wrong, hint, id="chat.E034") for wrong in wrong_limits(changed)]


def _secret_key() -> list[Error]:
    """As Django's deployment check has it (security.W009), but it stops the start."""
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
    hint = "python -c 'import secrets; print(secrets.token_urlsafe(64))' makes one."
    return [Error(message, hint, id="chat.E018")]


def _project_named() -> list[Error]:
    needed = (
        settings.CHAT_STORE == "firestore"
        or settings.CHAT_AUTH == "firebase"
        or settings.PUSH_BACKEND == "fcm"
    )
    if not needed or settings.GOOGLE_CLOUD_PROJECT:
        return []
    message = "Firestore, Firebase Authentication and Cloud Messaging need a project."
    return [Error(message, "Set GOOGLE_CLOUD_PROJECT to its id.", id="chat.E006")]


def _redis() -> list[Error]:
    return [*_redis_settings(), *_channel_layer()] or _no_cluster()


def _redis_settings() -> list[Error]:
    url, sentinels = settings.REDIS_URL, settings.REDIS_SENTINELS
    master = settings.REDIS_SENTINEL_MASTER
    if url and (sentinels or master):
        message = "REDIS_URL and the settings for Sentinel both say where Redis is."
        hint = "Unset REDIS_URL, or REDIS_SENTINELS and REDIS_SENTINEL_MASTER."
        return [Error(message, hint, id="chat.E008")]
    if bool(sentinels) != bool(master):
        message = "REDIS_SENTINELS and REDIS_SENTINEL_MASTER need each other."
        return [Error(message, _SENTINEL_HINT, id="chat.E009")]
    try:
        find_redis(url=url, sentinels=sentinels, master=master)
    except ValueError as error:
        if url:
            return [Error(str(error), "For example redis://127.0.0.1:6379/0.", id="chat.E007")]
        return [Error(str(error), _SENTINEL_HINT, id="chat.E012")]
    return []


def _channel_layer() -> list[Error]:
    layer = getattr(settings, "CHANNEL_LAYERS", {}).get("default", {}).get("BACKEND", _LAYER)
    if layer != _LAYER:
        message = f"The channel layer is {layer}, which loses events without a word."
        return [Error(message, f"Leave it {_LAYER}.", id="chat.E010")]
    config = getattr(settings, "CHANNEL_LAYERS", {}).get("default", {}).get("CONFIG", {})
    if config and config.get("serializer_format") != RAW_FORMAT:
        message = "The channel layer decodes messages itself, and one of others stops it."
        hint = f'Set "serializer_format": "{RAW_FORMAT}" in the CONFIG of CHANNEL_LAYERS.'
        return [Error(message, hint, id="chat.E033")]
    return []


def _link_signatures() -> list[Error]:
    keys, mode = settings.CHAT_LINK_KEYS, settings.CHAT_LINK_SIGNATURES
    if mode not in set(Mode):
        message = f"CHAT_LINK_SIGNATURES is {mode!r}."
        return [Error(message, f"It is one of {', '.join(Mode)}.", id="chat.E030")]
    if mode != Mode.OFF and not keys:
        message = f"CHAT_LINK_SIGNATURES is {mode}, and CHAT_LINK_KEYS is empty."
        return [Error(message, _KEY_HINT, id="chat.E031")]
    if any(len(key) < LEAST_KEY_CHARACTERS for key in keys):
        message = f"CHAT_LINK_KEYS has a key of fewer than {LEAST_KEY_CHARACTERS} characters."
        return [Error(message, _KEY_HINT, id="chat.E032")]
    return []


def _no_cluster() -> list[Error]:
    if not settings.REDIS_URL or not is_cluster(settings.REDIS_URL):
        return []
    message = "REDIS_URL names a Redis Cluster, on which the channel layer does not work."
    hint = "Use a single Redis, or one behind Sentinel (REDIS_SENTINELS)."
    return [Error(message, hint, id="chat.E011")]


def _origins() -> list[Error]:
    hint = "An origin is a scheme and a host, as in https://app.example, and has no / at its end."
    return [
        Error(f"ALLOWED_ORIGINS has {origin!r}, which no browser sends.", hint, id="chat.E013")
        for origin in settings.ALLOWED_ORIGINS
        if not _ORIGIN.fullmatch(origin)
    ]


def _hosts() -> list[Error]:
    hint = "A host has neither scheme nor port, as in chat.example (or .example with all below it)."
    return [
        Error(f"ALLOWED_HOSTS has {host!r}, which is no host name.", hint, id="chat.E014")
        for host in settings.ALLOWED_HOSTS
        if not _HOST.fullmatch(host)
    ]


def _queue() -> list[Error]:
    url = settings.NOTIFICATION_QUEUE_URL
    if not url:
        return []
    hint = "`manage.py create_notification_queues NAME` makes a queue and says its URL."
    if not re.match(r"https?://[^/]+/.+", url):
        message = f"NOTIFICATION_QUEUE_URL is {url!r}, which is not the URL of a queue."
        return [Error(message, hint, id="chat.E015")]
    if url.endswith(".fifo"):
        message = "NOTIFICATION_QUEUE_URL names a FIFO queue, which cannot delay single jobs."
        return [Error(message, hint, id="chat.E015")]
    return []


def _credentials() -> list[Error]:
    file = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if not file:
        return []
    hint = "Name the JSON file of a service account, or unset it where Google's machines have one."
    wrong = None
    try:
        if not isinstance(json.loads(Path(file).read_text()), dict):
            wrong = "is no service account"
    except OSError as error:
        wrong = f"cannot be read: {error.strerror}"
    except ValueError:
        wrong = "is no JSON"
    if wrong is None:
        return []
    message = f"GOOGLE_APPLICATION_CREDENTIALS names {file}, which {wrong}."
    return [Error(message, hint, id="chat.E016")]
