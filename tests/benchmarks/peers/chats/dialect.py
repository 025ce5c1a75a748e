"""XMPP over WebSocket (RFC 7395): a client that joins a room and writes to it (XEP-0045)."""

import base64
from collections.abc import Sequence
from typing import Any

from tests.benchmarks.peers.dialects import TEXT, UPGRADE, Dialect, Greeting

DOMAIN = "localhost"
ROOMS = f"rooms.{DOMAIN}"

_OPEN = f'<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="{DOMAIN}" version="1.0"/>'
_BIND = (
    '<iq xmlns="jabber:client" id="bind" type="set"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind">'
    "<resource>bench</resource></bind></iq>"
)

_CLIENT = 'xmlns="jabber:client"'
_JOIN = '<x xmlns="http://jabber.org/protocol/muc"><history maxstanzas="0"/></x>'


class Xmpp(Dialect):
    acknowledged = "<body>"
    refused = "type='error'"

    def __init__(self, path: str) -> None:
        """`path`: where the server accepts WebSockets."""
        self._path = path

    def upgrade(self, conversation: str, user: str) -> str:
        return UPGRADE.format(path=self._path, more="Sec-WebSocket-Protocol: xmpp|")

    def greeting(self, conversation: str, user: str) -> Greeting:
        secret = base64.b64encode(f"\0{user}\0secret".encode()).decode()
        sasl = "urn:ietf:params:xml:ns:xmpp-sasl"
        steps: Sequence[tuple[str, str]] = [
            ("", _OPEN),
            ("features", f'<auth xmlns="{sasl}" mechanism="PLAIN">{secret}</auth>'),
            ("<success", _OPEN),
            ("features", _BIND),
            (
                "<jid>",
                f'<presence {_CLIENT} to="{conversation}@{ROOMS}/{user}">{_JOIN}</presence>',
            ),
            ("<subject", ""),  # the last stanza of a join
        ]
        return steps

    def send(self) -> str:
        return (
            f'<message {_CLIENT} type="groupchat" to="CONVERSATION@{ROOMS}" id="NUMBER">'
            f"<body>{TEXT}</body></message>"
        )

    def post(self) -> None:
        return None

    def _command(self, do: str, **arguments: Any) -> str:
        raise NotImplementedError
