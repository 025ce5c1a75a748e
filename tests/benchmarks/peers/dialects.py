"""How a client speaks to each kind of server: the handshake, the greeting and the commands.

In a command, the load generator replaces NUMBER (eight digits), INTEGER (the same
number in JSON) and CONVERSATION. A message contains its number as
`~mNUMBER~`: by this mark the generator recognizes it in every dialect.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from tests.clients.rest import token_of

TEXT = "~mNUMBER~ What was said, about as long as what people say to each other: a line or two."

Greeting = Sequence[tuple[str, str]]
"""Texts to wait for, each with the text that is sent then."""

UPGRADE = (
    "GET {path} HTTP/1.1|Host: 127.0.0.1|Upgrade: websocket|Connection: Upgrade|"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|Sec-WebSocket-Version: 13|{more}|"
)


class Dialect(ABC):
    acknowledged = '"reply"'
    """A text that the answer to a command contains."""
    refused = '"error"'
    ping = ""
    """The text of the server that `pong` answers."""
    pong = ""
    keepalive = ""
    keepalive_seconds = 0.0

    @abstractmethod
    def upgrade(self, conversation: str, user: str) -> str:
        """Return the head of the request that opens a socket."""

    @abstractmethod
    def greeting(self, conversation: str, user: str) -> Greeting: ...

    def request(self, conversation: str, user: str) -> str:
        """Return the head of the request that sends a message over HTTP."""
        raise NotImplementedError

    def fan(self, count: int) -> str:
        """Return the command that creates so many events and delivers them to a conversation."""
        return self._command("fan", to="CONVERSATION", first="NUMBER", count=count, text=TEXT)

    def echo(self) -> str:
        """Return the cheapest command that is answered."""
        return self._command("ping", id="NUMBER")

    def typing(self) -> str:
        return self._command("typing", to="CONVERSATION", id="NUMBER")

    def send(self) -> str | None:
        """Return the command that stores a message and delivers it; None if there is none."""
        return self._command("send", to="CONVERSATION", id="NUMBER", text=TEXT)

    def read(self) -> str | None:
        """Return the command that marks messages as read; None if there is no such."""
        return None

    def post(self) -> str | None:
        """Return the body of the request that sends a message over HTTP; None if there is none."""
        return json.dumps({"client_id": "NUMBER", "text": TEXT})

    @abstractmethod
    def _command(self, do: str, **arguments: Any) -> str: ...


class Plain(Dialect):
    """The small programs of this harness: a JSON object in each frame."""

    def upgrade(self, conversation: str, user: str) -> str:
        path = f"/?conversation={quote(conversation)}&user={quote(user)}"
        return UPGRADE.format(path=path, more="")

    def greeting(self, conversation: str, user: str) -> Greeting:
        return [('"type":"hello"', "")]

    def request(self, conversation: str, user: str) -> str:
        return (
            f"POST /send?conversation={quote(conversation)}&user={quote(user)} HTTP/1.1|"
            "Host: 127.0.0.1|Content-Type: application/json|"
        )

    def _command(self, do: str, **arguments: Any) -> str:
        return json.dumps({"do": do, **arguments})


class HttpOnly(Plain):
    """A program that has no socket."""

    def send(self) -> str | None:
        return None


class SocketIo(Dialect):
    """Socket.IO 5 over WebSocket alone (https://socket.io/docs/v4/socket-io-protocol/)."""

    ping, pong = "2", "3"

    def upgrade(self, conversation: str, user: str) -> str:
        path = f"/socket.io/?EIO=4&transport=websocket&conversation={quote(conversation)}"
        return UPGRADE.format(path=path, more="")

    def greeting(self, conversation: str, user: str) -> Greeting:
        return [("0{", "40"), ("40{", ""), ('"type":"hello"', "")]

    def _command(self, do: str, **arguments: Any) -> str:
        return "42" + json.dumps([do, arguments])


class Product(Dialect):
    """This product's socket and REST API. Only `fan` is a door of this harness."""

    keepalive = '{"id":0,"type":"ping"}'
    keepalive_seconds = 50.0
    """As docs/socket.md asks of clients: twice in the time after which an idle socket is closed."""

    def upgrade(self, conversation: str, user: str) -> str:
        if user == DOOR:
            return UPGRADE.format(path="/bench", more="")
        return UPGRADE.format(path="/ws/v1", more=f"Authorization: Bearer {token_of(user)}|")

    def greeting(self, conversation: str, user: str) -> Greeting:
        return [('"type":"hello"', "")]

    def request(self, conversation: str, user: str) -> str:
        return (
            f"POST /api/v1/conversations/{conversation}/messages HTTP/1.1|Host: 127.0.0.1|"
            f"Content-Type: application/json|Authorization: Bearer {token_of(user)}|"
        )

    def echo(self) -> str:
        return self._command("ping", id="NUMBER")

    def typing(self) -> str:
        return self._command("typing.start", id="NUMBER", conversation_id="CONVERSATION")

    def send(self) -> str:
        return self._command(
            "message.send",
            id="NUMBER",
            conversation_id="CONVERSATION",
            client_id="NUMBER",
            text=TEXT,
        )

    def read(self) -> str:
        return self._command(
            "receipt.read", id="NUMBER", conversation_id="CONVERSATION", seq="INTEGER"
        ).replace('"INTEGER"', "INTEGER")

    def _command(self, do: str, **arguments: Any) -> str:
        return json.dumps({"type": do, **arguments})


DOOR = "(door)"
"""The user of the socket that makes the product create events without storing them."""
