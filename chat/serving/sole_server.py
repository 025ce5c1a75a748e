"""`manage.py serve` without `--processes`: one instance, alone behind its port."""

import contextlib
import socket

import structlog

from chat.serving.addresses import url_of
from chat.serving.options import APPLICATION, UVICORN
from chat.serving.quiet_server import QuietServer
from messaging.optional_libraries import hidden

with hidden("watchfiles"):  # it reloads changed code, for which `runserver` is there
    import uvicorn

logger = structlog.get_logger(__name__)


class SoleServer(QuietServer):
    owns_its_port = True
    """No other process accepts from the listening socket (`config.servers.last_connections`)."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            logger.info("server.ready", address=url_of(self.config.host, self.config.port))


def serve_alone(host: str, port: int) -> bool:
    """Serve until a signal. Return whether the server has started."""
    config = uvicorn.Config(APPLICATION, host=host, port=port, **UVICORN)
    config.load_app()  # a signal that comes meanwhile ends the process at once
    server = SoleServer(config)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises SIGINT again at its end
        server.run()
    return server.started
