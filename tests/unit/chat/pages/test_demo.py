"""The demo page: where it exists, how large it is, what its phones need, and where its files come
from."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.test import override_settings
from django.urls import Resolver404, clear_url_caches, resolve
from pytest_django import Settings

import config.urls
from chat.pages.demo import content_security_policy, has_phones

_CHAT = Path(__file__).parents[4] / "chat"
_TEMPLATE = _CHAT / "templates/chat/demo.html"
_STYLES = _CHAT / "static/chat/demo.css"
_STATIC = _CHAT / "static/chat/demo"
_MAX_BYTES = 150_000


@contextmanager
def urls(*, demo: bool) -> Iterator[None]:
    """The paths as they are with and without the demo."""
    with override_settings(CHAT_DEMO=demo):
        _reload()
        yield
    _reload()


def _reload() -> None:
    importlib.reload(config.urls)
    clear_url_caches()


@pytest.mark.parametrize("path", ["/", "/demo/notifications"])
def test_without_the_demo_there_is_no_such_path(path: str) -> None:
    with urls(demo=True):
        resolve(path)

    with urls(demo=False), pytest.raises(Resolver404):
        resolve(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHAT_AUTH", "firebase"),
        ("PUSH_BACKEND", "fcm"),
        ("NOTIFICATION_QUEUE_URL", "https://sqs.example/queue"),
        ("REDIS", {"address": "redis://127.0.0.1:6379/0"}),
    ],
)
def test_phones_need_a_process_that_does_everything(
    settings: Settings, name: str, value: object
) -> None:
    """Another one may have pushed otherwise, or real phones ring."""
    settings.CHAT_AUTH, settings.PUSH_BACKEND = "dev", "log"
    settings.NOTIFICATION_QUEUE_URL, settings.REDIS = "", None
    assert has_phones()

    setattr(settings, name, value)
    assert not has_phones()


@pytest.mark.parametrize(("files", "other_hosts"), [("local", False), ("gcs", True), ("s3", True)])
def test_files_of_a_bucket_come_from_another_host(
    settings: Settings, files: str, *, other_hosts: bool
) -> None:
    """The page uploads them there, and shows them. Nothing else comes from other hosts."""
    settings.CHAT_FILES = files

    rules = dict(rule.split(" ", 1) for rule in content_security_policy().split("; "))

    assert rules["default-src"] == "'self'"
    for name in ("connect-src", "img-src"):
        assert ("https:" in rules[name].split()) is other_hosts


def test_firebase_comes_from_google_where_it_is_configured(settings: Settings) -> None:
    """Its SDK, and its registrations. Otherwise the page asks no other host."""
    settings.CHAT_FILES, settings.CHAT_DEMO_FIREBASE = "local", {}
    assert "https:" not in content_security_policy()

    settings.CHAT_DEMO_FIREBASE = {"apiKey": "key"}
    rules = dict(rule.split(" ", 1) for rule in content_security_policy().split("; "))
    assert rules["script-src"] == "'self' https://www.gstatic.com/firebasejs/"
    assert "https://fcmregistrations.googleapis.com" in rules["connect-src"].split()
    assert rules["default-src"] == "'self'"


def test_the_page_is_small() -> None:
    """All that a browser loads of it, uncompressed."""
    files = [_TEMPLATE, _STYLES, *(file for file in _STATIC.iterdir() if file.is_file())]

    assert sum(file.stat().st_size for file in files) <= _MAX_BYTES
