"""Encodes JSON: the same encoder for REST and for frames."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


def render_json(data: Any) -> bytes:
    return orjson.dumps(data)


def fragment(data: Any) -> orjson.Fragment:
    """Return data as JSON that `render_json` copies: a long answer is encoded part by part, with
    other work of the event loop in between."""
    return orjson.Fragment(render_json(data))


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else render_json(data)
