"""The generator of the OpenAPI document."""

from collections.abc import Callable
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema  # noqa: TID251 - `described` ends here

from chat.rest.openapi.described import description_of


class Generator(SchemaGenerator):
    """Passes on to drf-spectacular what views state by `described`."""

    def create_view(self, callback: Any, method: str, request: Any = None) -> Any:
        _extend_view(callback.cls)
        return super().create_view(callback, method, request)  # type: ignore[no-untyped-call]


@cache
def _extend_view(view: Any) -> None:
    """Extend the schemas of a view and of its methods: once, because drf-spectacular keeps each
    schema on the view. It wants the methods first."""
    for name in view.http_method_names:
        if method := getattr(view, name, None):
            _extend(method)
    _extend(view)


@cache
def _extend(target: Callable[..., Any]) -> None:
    if description := description_of(target):
        extend_schema(**description)(target)
