"""The decorator by which views describe their operations.

It only keeps the description. drf-spectacular, which takes as long to import as the rest of DRF, is
imported when the document is generated (`chat.rest.openapi.generator`).
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Target = TypeVar("Target", bound=Callable[..., Any])

_ATTRIBUTE = "openapi_description"


def described(**description: Any) -> Callable[[Target], Target]:
    """Describe an operation, or all operations of a view, with the arguments of drf-spectacular's
    `extend_schema`."""

    def keep(target: Target) -> Target:
        setattr(target, _ATTRIBUTE, description)
        return target

    return keep


def description_of(target: object) -> Mapping[str, Any] | None:
    """Return the description of a view or of its method; None if it has none of its own."""
    description: Mapping[str, Any] | None = vars(target).get(_ATTRIBUTE)
    return description
