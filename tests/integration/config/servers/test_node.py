"""A client on Node's `ws`, on each server."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.benchmarks.peers.installing import CACHE
from tests.clients.rest import token_of
from tests.conftest import skip_or_fail
from tests.integration.config.servers.conftest import Serve
from tests.integration.config.servers.served import Command, servers

_CLIENT = Path(__file__).with_name("node_client.js")
_MODULES = (CACHE / "ws" / "node_modules", Path("/usr/share/nodejs"))
"""Where `make bench` installs `ws`, and where Debian's package node-ws does."""


@servers
def test_a_client_on_node(command: Command, serve: Serve) -> None:
    """Deflate is offered and declined; whole, fragmented and large messages are answered in order,
    and pings between them too."""
    modules = [str(folder) for folder in _MODULES if (folder / "ws").is_dir()]
    if not modules or shutil.which("node") is None:
        skip_or_fail("Node or its package ws is missing. Install nodejs and node-ws.")
    port, _ = serve(command)

    done = subprocess.run(
        ["node", _CLIENT, f"ws://127.0.0.1:{port}/ws/v1", token_of("ann")],
        env={**os.environ, "NODE_PATH": os.pathsep.join(modules)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    seen = json.loads(done.stdout)
    assert (seen["protocol"], seen["extensions"], seen["code"]) == ("chat.v1", "", 1000)
    assert seen["pongs"] == ["here", "between"]
    answers = [frame for frame in seen["frames"] if frame[0] in {"reply", "error"}]
    assert [answer[1] for answer in answers] == [1, 2, 3, None, 4]
    assert not any(binary for *_, binary in seen["frames"])
