"""Prosody with rooms and their archive in its own files."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.development.ports import free_port
from tests.benchmarks.peers.chats.dialect import DOMAIN, ROOMS
from tests.benchmarks.peers.peer import Peer, Plain, Services, server_process

_CONFIGURATION = """
daemonize = false
run_as_root = true
pidfile = "{data}/prosody.pid"
data_path = "{data}"
certificates = "{data}"
log = {{ warn = "*console" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{}}
s2s_ports = {{}}
legacy_ssl_ports = {{}}
c2s_direct_tls_ports = {{}}
https_ports = {{}}
http_ports = {{ {port} }}
consider_websocket_secure = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
limits = {{}}
modules_enabled = {{ "c2s", "http", "saslauth", "websocket" }}
modules_disabled = {{ "s2s" }}
http_default_host = "{domain}"
VirtualHost "{domain}"
  authentication = "insecure"
  insecure_open_authentication = "Yes please, I know what I'm doing!"
Component "{rooms}" "muc"
  modules_enabled = {{ "muc_mam" }}
  muc_log_by_default = true
  muc_room_locking = false
  muc_room_default_presence_broadcast = {{
    visitor = false, participant = false, moderator = false
  }}
"""


@contextmanager
def prosody_server(peer: Peer, folder: Path, services: Services) -> Iterator[Plain]:
    """Run a server from unpacked Debian packages. Raises NotReady."""
    port = free_port()
    source = folder / "usr/lib/prosody"
    native = folder / "usr/lib/x86_64-linux-gnu"
    with tempfile.TemporaryDirectory(prefix="chat-prosody-") as data:
        configuration = Path(data, "prosody.cfg.lua")
        configuration.write_text(
            _CONFIGURATION.format(data=data, port=port, domain=DOMAIN, rooms=ROOMS)
        )
        shares = [folder / "usr/share/lua/5.4/?.lua", folder / "usr/share/lua/5.4/?/init.lua"]
        environment = {
            "PROSODY_SRCDIR": str(source),
            "PROSODY_CFGDIR": data,
            "PROSODY_PLUGINDIR": f"{source}/modules/",
            "PROSODY_DATADIR": data,
            "LUA_PATH": ";".join(map(str, [source / "?.lua", *shares, ";"])),
            "LUA_CPATH": f"{source}/?.so;{native}/lua/5.4/?.so;;",
            "LD_LIBRARY_PATH": str(native),
        }
        program = Path(data, "prosody")
        program.write_text(_relocated((folder / "usr/bin/prosody").read_text(), source, data))
        command: list[str | Path] = [
            folder / "usr/bin/lua5.4",
            program,
            "--root",
            "--config",
            configuration,
        ]
        with server_process(command, port, environment=environment) as process:
            yield Plain(port, process)


def _relocated(script: str, source: Path, data: str) -> str:
    """Return the start script with the paths at which the packages were unpacked."""
    return (
        script.replace("'/usr/lib/prosody'", f"'{source}'")
        .replace("'/usr/lib/prosody/modules/'", f"'{source}/modules/'")
        .replace("'/etc/prosody'", f"'{data}'")
        .replace("'/var/lib/prosody'", f"'{data}'")
    )
