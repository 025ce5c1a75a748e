"""docs/socket.md names all that the socket knows, and nothing that it does not."""

import re
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from chat.closing import CloseCode
from chat.commands import _COMMANDS
from messaging.events import EventType

_ROW = re.compile(r"^\| `?([\w.]+)`? \| (.*?) \|", re.MULTILINE)


def table(heading: str) -> Mapping[str, str]:
    """The first cell of each row below this heading, and the second."""
    page = Path(settings.BASE_DIR, "docs", "socket.md").read_text()
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return dict(_ROW.findall(section.partition("|---|")[2]))


def test_every_command_with_its_fields() -> None:
    """Those that may be left out with a question mark."""
    documented = {
        name: set(re.findall(r"`([a-z_]+\??)`", fields))
        for name, fields in table("Commands").items()
    }

    assert documented == {
        name: {
            field_name if field.required else f"{field_name}?"
            for field_name, field in serializer().fields.items()
        }
        for name, (serializer, _) in _COMMANDS.items()
    }


def test_every_event() -> None:
    assert set(table("Events")) == {kind.value for kind in EventType}


def test_every_close_code() -> None:
    assert set(table("Close codes")) == {str(int(code)) for code in CloseCode}
