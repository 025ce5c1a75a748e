"""docs/socket.md names all that the socket knows, and nothing that it does not."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.conf import settings

from chat.socket.close_codes import CloseCode
from chat.socket.commands import COMMANDS
from messaging.wire.events import EventType
from tests.clients.checking.scenarios import scenarios

_ROW = re.compile(r"^\| `?([\w. ]+?)`? \| (.*?) \|", re.MULTILINE)
_RULES: Mapping[str, tuple[str, str | None]] = {
    "a silent server is left": ("2 × `heartbeat_seconds` pass without a frame", "a-silent-server"),
    "a client may be silent for 3 heartbeats": ("for 3 × `heartbeat_seconds`", "an-idle-client"),
    "hidden tabs answer in the handler": ("timers of a hidden tab once a minute", "an-idle-client"),
    "the list is reloaded": ("Reload the list of conversations", "removed-while-away"),
    "events wait while a conversation loads": ("in the order of arrival", "events-while-loading"),
    "a message ends typing": ("A message ends its sender's typing indicator", "typing-ends"),
    "nothing is awaited before the cursor moves": ("Do not await anything", None),
    "what is worth a retry": ("send again after `retry_after`", "an-unknown-error"),
    "what is not": ("do not send again; show `detail`", "an-unknown-error"),
    "unread is seq less read_seq less deleted": ("unread = `seq`", "deleted-messages"),
    "4502 comes back": ("Only 4502 is different: reconnect with a fresh token", "an-expired-token"),
    "other codes from 4500 on do not": ("from 4500 on: do not reconnect", "codes-from-4500-on"),
    "close frames say why": ("Every close frame of the server also has a short reason", None),
    "receipts are synced after a reconnect": ("send `receipts.sync`", "read-elsewhere"),
}
"""What a client has to know: the words that say so, and the scenario that checks it. What a client
does inside itself, and what the server sends, no scenario sees."""


def page() -> str:
    return Path(settings.BASE_DIR, "docs", "socket.md").read_text()


def table(heading: str, *, level: str = "##") -> Mapping[str, str]:
    """The first cell of each row below this heading, and the second."""
    section = page().partition(f"\n{level} {heading}\n")[2].partition("\n##")[0]
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
            for field_name, field in command.serializer().fields.items()
        }
        for name, command in COMMANDS.items()
    }


def test_every_event() -> None:
    assert set(table("Events")) == {kind.value for kind in EventType}


def test_every_close_code() -> None:
    assert set(table("Close codes")) == {str(int(code)) for code in CloseCode}


@pytest.mark.parametrize(("words", "checked_by"), _RULES.values(), ids=_RULES.keys())
def test_a_rule_for_clients_is_said_and_checked(words: str, checked_by: str | None) -> None:
    assert words in " ".join(page().split())
    assert checked_by is None or checked_by in {one.name for one in scenarios()}


def test_the_states_of_a_connection_are_those_that_a_client_reports() -> None:
    """To the suite that checks it."""
    states = {name.replace(" ", "_") for name in table("The connection", level="###")}
    suite = Path(settings.BASE_DIR, "docs", "checking-a-client.md").read_text()
    reported = suite.partition("- `connection`:")[2].partition("\n- ")[0]

    assert states == set(re.findall(r"`(\w+)`", reported))
    assert len(table("A conversation", level="###")) == 5
