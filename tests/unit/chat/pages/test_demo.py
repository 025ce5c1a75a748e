"""The phones of the demo page exist there and nowhere else."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import override_settings
from django.urls import Resolver404, clear_url_caches, resolve
from pytest_django import Settings

import config.urls
from chat.pages.demo import has_phones


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
