"""Start-up checks: a setting that would do harm, or nothing, stops the start with its name."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from messaging.delivery.redis_client import is_cluster

TAG = "chat"
_LAYER = "channels_redis.pubsub.RedisPubSubChannelLayer"


@register(TAG)
def check_settings(**_: Any) -> list[Error]:
    """Every wrong setting, with how to mend it."""
    return [
        *_one_of("CHAT_STORE", ("sql", "firestore"), "chat.E001"),
        *_one_of("CHAT_AUTH", ("firebase", "dev"), "chat.E002"),
        *_one_of("PUSH_BACKEND", ("log",), "chat.E003"),
        *_development_only(),
        *_project_named(),
        *_redis(),
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


def _project_named() -> list[Error]:
    needed = settings.CHAT_STORE == "firestore" or settings.CHAT_AUTH == "firebase"
    if not needed or settings.GOOGLE_CLOUD_PROJECT:
        return []
    message = "Firestore and Firebase Authentication need a project."
    return [Error(message, "Set GOOGLE_CLOUD_PROJECT to its id.", id="chat.E006")]


def _redis() -> list[Error]:
    return [*_redis_url(), *_sentinels(), *_channel_layer()] or _no_cluster()


def _redis_url() -> list[Error]:
    if not settings.REDIS_URL or settings.REDIS_URL.startswith(("redis://", "rediss://")):
        return []
    message = "REDIS_URL is no redis:// or rediss:// address."
    return [Error(message, "For example redis://127.0.0.1:6379/0.", id="chat.E007")]


def _sentinels() -> list[Error]:
    if settings.REDIS_SENTINELS and settings.REDIS_URL:
        message = "REDIS_SENTINELS and REDIS_URL both say where Redis is."
        return [Error(message, "Set one of them.", id="chat.E008")]
    if bool(settings.REDIS_SENTINELS) == bool(settings.REDIS_SENTINEL_MASTER):
        return []
    message = "REDIS_SENTINELS and REDIS_SENTINEL_MASTER need each other."
    hint = "For example REDIS_SENTINELS=10.0.0.1:26379,10.0.0.2:26379 REDIS_SENTINEL_MASTER=chat."
    return [Error(message, hint, id="chat.E009")]


def _channel_layer() -> list[Error]:
    layer = getattr(settings, "CHANNEL_LAYERS", {}).get("default", {}).get("BACKEND", _LAYER)
    if layer == _LAYER:
        return []
    message = f"The channel layer is {layer}, which loses events without a word."
    return [Error(message, f"Leave it {_LAYER}.", id="chat.E010")]


def _no_cluster() -> list[Error]:
    if not settings.REDIS_URL or not is_cluster(settings.REDIS_URL):
        return []
    message = "REDIS_URL names a Redis Cluster, on which the channel layer does not work."
    hint = "Use a single Redis, or one behind Sentinel (REDIS_SENTINELS)."
    return [Error(message, hint, id="chat.E011")]
