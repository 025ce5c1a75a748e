"""Start-up checks: a setting that would do harm, or nothing, stops the start with its name."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

TAG = "chat"


@register(TAG)
def check_settings(**_: Any) -> list[Error]:
    """Every wrong setting, with how to mend it."""
    return [
        *_one_of("CHAT_STORE", ("sql", "firestore"), "chat.E001"),
        *_one_of("CHAT_AUTH", ("firebase", "dev"), "chat.E002"),
        *_one_of("PUSH_BACKEND", ("log", "fcm"), "chat.E003"),
        *_development_only(),
        *_project_named(),
        *_redis_url(),
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
    needed = (
        settings.CHAT_STORE == "firestore"
        or settings.CHAT_AUTH == "firebase"
        or settings.PUSH_BACKEND == "fcm"
    )
    if not needed or settings.GOOGLE_CLOUD_PROJECT:
        return []
    message = "Firestore, Firebase Authentication and Cloud Messaging need a project."
    return [Error(message, "Set GOOGLE_CLOUD_PROJECT to its id.", id="chat.E006")]


def _redis_url() -> list[Error]:
    if not settings.REDIS_URL or settings.REDIS_URL.startswith(("redis://", "rediss://")):
        return []
    message = "REDIS_URL is no redis:// or rediss:// address."
    return [Error(message, "For example redis://127.0.0.1:6379/0.", id="chat.E007")]
