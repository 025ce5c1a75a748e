"""Caches what a function makes of one Django setting. `django.conf.settings` is a lazy object: each
look at it takes longer than most of what a command of the socket does."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from django.core.signals import setting_changed

T = TypeVar("T")


def cached_setting(name: str) -> Callable[[Callable[[], T]], Callable[[], T]]:
    """Return a decorator that runs a function once, and again after the setting has changed, as
    tests change it."""

    def decorate(function: Callable[[], T]) -> Callable[[], T]:
        cached = cache(function)

        def forget(*, setting: str, **_: Any) -> None:
            if setting == name:
                cached.cache_clear()

        setting_changed.connect(forget, weak=False)
        return cached

    return decorate
