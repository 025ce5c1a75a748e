"""The peers: what each of them is, where it comes from, and how it is started."""

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tests.benchmarks.peers.chats.dialect import Xmpp
from tests.benchmarks.peers.chats.ejabberd import ejabberd_server
from tests.benchmarks.peers.chats.prosody import prosody_server
from tests.benchmarks.peers.dialects import HttpOnly, Plain, Product, SocketIo
from tests.benchmarks.peers.installing import Debian, Missing, Nothing, Npm, Pip
from tests.benchmarks.peers.peer import PROGRAMS, Peer, plain_server
from tests.benchmarks.peers.product.server import product_server

_DELIVERY = frozenset({"fan-out", "commands", "connects", "idle"})
_STORING = frozenset({"sends", "stored", "faults"})


def _node(program: str, *options: str) -> Callable[[Path, int], Sequence[str | Path]]:
    def command(folder: Path, port: int) -> Sequence[str | Path]:
        node = shutil.which("node")
        if node is None:
            raise Missing("There is no node on this machine.")
        return [node, PROGRAMS / program, str(port), *options]

    return command


def _bun(folder: Path, port: int) -> Sequence[str | Path]:
    bun = folder / "node_modules/@oven/bun-linux-x64-baseline/bin/bun"
    return [bun, PROGRAMS / "bun.js", str(port)]


def _python(program: str) -> Callable[[Path, int], Sequence[str | Path]]:
    return lambda folder, port: [folder / "venv/bin/python", PROGRAMS / program, str(port)]


def _uvicorn(application: str) -> Callable[[Path, int], Sequence[str | Path]]:
    return lambda folder, port: [
        *(folder / "venv/bin/python", "-m", "uvicorn", f"{application}:application"),
        *(
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--log-level",
            "warning",
            "--backlog",
            "4096",
        ),
        *("--ws-per-message-deflate", "false"),
    ]


def _daphne(application: str) -> Callable[[Path, int], Sequence[str | Path]]:
    return lambda folder, port: [
        *(folder / "venv/bin/python", "-m", "daphne", "-b", "127.0.0.1", "-p", str(port)),
        *("--verbosity", "0", f"{application}:application"),
    ]


_CHANNELS = (
    "channels==4.3.2",
    "channels-redis==4.3.0",
    "daphne==4.2.3",
    "uvicorn[standard]==0.54.0",
)
_NODE_CHAT = ("ws@8.23.0", "ioredis@6.0.0", "pg@8.23.1")

NOT_MEASURED = {
    "Synapse": "The load generator speaks WebSocket, and Matrix clients poll over HTTP.",
}
"""The peers that belong in the table, with the reason why they have no figures."""

PEERS: Sequence[Peer] = (
    Peer(
        name="product",
        title="this product, uvicorn",
        works=_DELIVERY | _STORING,
        dialect=Product(),
        source=Nothing(),
        run=product_server,
    ),
    Peer(
        name="product-postgres",
        title="this product, PostgreSQL",
        works=_STORING,
        dialect=Product(),
        source=Nothing(),
        postgres=True,
        run=product_server,
    ),
    Peer(
        name="django-view",
        title="bare asynchronous Django view, PostgreSQL",
        works=frozenset({"sends"}),
        dialect=HttpOnly(),
        source=Pip(("django==5.2.19", "psycopg[binary]==3.3.9", "uvicorn[standard]==0.54.0")),
        postgres=True,
        run=partial(plain_server, _uvicorn("django_view")),
    ),
    Peer(
        name="node-chat",
        title="Node chat: ws, pg, ioredis",
        works=_STORING,
        dialect=Plain(),
        source=Npm(_NODE_CHAT),
        postgres=True,
        run=partial(plain_server, _node("node_chat.js")),
    ),
    Peer(
        name="node-chat-batched",
        title="Node chat with group commit and batching",
        works=_STORING,
        dialect=Plain(),
        source=Npm(_NODE_CHAT),
        postgres=True,
        run=partial(plain_server, _node("node_chat.js", "batched")),
    ),
    Peer(
        name="ejabberd",
        title="ejabberd: MUC and MAM, PostgreSQL",
        works=frozenset({"stored"}),
        dialect=Xmpp("/ws"),
        source=Debian(("ejabberd", "erlang-p1-pgsql")),
        postgres=True,
        run=ejabberd_server,
    ),
    Peer(
        name="prosody",
        title="Prosody: MUC and MAM, its own files",
        works=frozenset({"stored"}),
        dialect=Xmpp("/xmpp-websocket"),
        source=Debian(("prosody", "lua5.4")),
        run=prosody_server,
    ),
    Peer(
        name="product-daphne",
        title="this product, daphne",
        works=_DELIVERY,
        dialect=Product(),
        source=Nothing(),
        run=partial(product_server, options=("--server", "daphne")),
    ),
    Peer(
        name="channels",
        title="stock Channels, uvicorn, channels_redis",
        works=_DELIVERY | {"faults"},
        dialect=Plain(),
        source=Pip(_CHANNELS),
        run=partial(plain_server, _uvicorn("stock_channels")),
    ),
    Peer(
        name="channels-daphne",
        title="stock Channels, daphne, channels_redis",
        works=_DELIVERY,
        dialect=Plain(),
        source=Pip(_CHANNELS),
        run=partial(plain_server, _daphne("stock_channels")),
    ),
    Peer(
        name="python-socketio",
        title="python-socketio, uvicorn, Redis",
        works=_DELIVERY | {"faults"},
        dialect=SocketIo(),
        source=Pip(("python-socketio==5.18.1", "redis==8.1.0", "uvicorn[standard]==0.54.0")),
        run=partial(plain_server, _uvicorn("python_socketio")),
    ),
    Peer(
        name="socket.io",
        title="Node socket.io, Redis adapter",
        works=_DELIVERY | {"faults"},
        dialect=SocketIo(),
        source=Npm(("socket.io@4.8.4", "@socket.io/redis-adapter@8.3.0", "ioredis@6.0.0")),
        run=partial(plain_server, _node("socketio.js")),
    ),
    Peer(
        name="ws",
        title="Node ws, ioredis",
        works=_DELIVERY | {"faults"},
        dialect=Plain(),
        source=Npm(("ws@8.23.0", "ioredis@6.0.0")),
        run=partial(plain_server, _node("ws.js")),
    ),
    Peer(
        name="uwebsockets",
        title="Node uWebSockets, its own topics",
        works=_DELIVERY,
        dialect=Plain(),
        source=Npm(("uwebsockets@3.0.6",)),
        run=partial(plain_server, _node("uwebsockets.js")),
    ),
    Peer(
        name="bun",
        title="Bun, its own topics",
        works=_DELIVERY,
        dialect=Plain(),
        source=Npm(("@oven/bun-linux-x64-baseline@1.4.5",)),
        run=partial(plain_server, _bun),
    ),
    Peer(
        name="picows",
        title="picows on uvloop",
        works=_DELIVERY,
        dialect=Plain(),
        source=Pip(("picows==2.3.1", "uvloop==0.23.0")),
        run=partial(plain_server, _python("picows_server.py")),
    ),
    Peer(
        name="uvloop",
        title="bare uvloop (a limit, not a server)",
        works=_DELIVERY,
        dialect=Plain(),
        source=Pip(("uvloop==0.23.0",)),
        run=partial(plain_server, _python("bare_uvloop.py")),
    ),
)
