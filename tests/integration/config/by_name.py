"""The settings with Django's own middleware instead of our subclasses of it, and no check silenced:
for Django's deployment check, which looks for them by name."""

from config import settings
from config.settings import *  # noqa: F403

_MODULES = {
    "SecurityMiddleware": "django.middleware.security",
    "SessionMiddleware": "django.contrib.sessions.middleware",
    "CommonMiddleware": "django.middleware.common",
    "CsrfViewMiddleware": "django.middleware.csrf",
    "AuthenticationMiddleware": "django.contrib.auth.middleware",
    "MessageMiddleware": "django.contrib.messages.middleware",
    "XFrameOptionsMiddleware": "django.middleware.clickjacking",
}


def _by_name(middleware: str) -> str:
    name = middleware.rpartition(".")[2]
    return f"{_MODULES[name]}.{name}" if name in _MODULES else middleware


MIDDLEWARE = [_by_name(middleware) for middleware in settings.MIDDLEWARE]
SILENCED_SYSTEM_CHECKS = []
