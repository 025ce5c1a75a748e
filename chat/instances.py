"""The instance that serves a request or a socket, from its ASGI scope.

`scope["state"]` is the ASGI place for an application's own state
(https://asgi.readthedocs.io/en/stable/specs/lifespan.html#lifespan-state). Servers fill it only if
they have a lifespan, so `config.application` sets it for every scope.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from messaging.runtime.instance import Instance

_KEY = "instance"


class NoInstance(Exception):
    """There is no instance in this scope. Serve with `config.asgi.application`."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def with_instance(scope: MutableMapping[str, Any], instance: Instance) -> dict[str, Any]:
    """Return a copy of the scope with the instance."""
    return {**scope, "state": {**scope.get("state", {}), _KEY: instance}}


def instance_of(source: Mapping[str, Any] | HttpRequest | Request) -> Instance:
    """Return the instance that serves a scope, or a request that came through ASGI.

    Raises NoInstance.
    """
    scope = source if isinstance(source, Mapping) else getattr(source, "scope", {})
    instance = scope.get("state", {}).get(_KEY)
    if not isinstance(instance, Instance):
        raise NoInstance
    return instance
