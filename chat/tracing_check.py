"""The start-up check of `CHAT_TRACES`, whose packages are optional."""

from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from chat.checks import TAG

_VALUES = ("off", "otlp")
_EXPORTER = "opentelemetry.exporter.otlp.proto.http"


@register(TAG)
def check_traces(**_: Any) -> list[Error]:
    """Return an error for a value that is unknown, or whose packages are missing."""
    if settings.CHAT_TRACES not in _VALUES:
        text = f"CHAT_TRACES is {settings.CHAT_TRACES!r}, which is not supported."
        return [Error(text, f"Set CHAT_TRACES to {' or '.join(_VALUES)}.", id="chat.E039")]
    if settings.CHAT_TRACES == "off" or _installed():
        return []
    hint = "Install them: pip install --require-hashes -r requirements-tracing.txt"
    return [Error("CHAT_TRACES is otlp, but its packages are missing.", hint, id="chat.E040")]


def _installed() -> bool:
    try:
        return find_spec(_EXPORTER) is not None
    except ModuleNotFoundError:  # a package around it is missing
        return False
