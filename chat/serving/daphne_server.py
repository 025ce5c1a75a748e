"""`manage.py serve --server daphne`: one instance, alone behind its port."""

from typing import Any

import structlog
from daphne.cli import CommandLineInterface
from daphne.server import Server

from chat.serving.addresses import url_of
from chat.serving.options import APPLICATION, DAPHNE

logger = structlog.get_logger(__name__)


class LoggedServer(Server):  # type: ignore[misc]
    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        listening = port.getHost()
        logger.info("server.ready", address=url_of(listening.host, listening.port))


class LoggedCommandLine(CommandLineInterface):  # type: ignore[misc]
    server_class = LoggedServer


def serve_with_daphne(host: str, port: int, *, proxy_headers: bool) -> None:
    """Serve until a signal."""
    arguments = ["--bind", host, "--port", str(port), *DAPHNE]
    if proxy_headers:
        arguments.append("--proxy-headers")
    LoggedCommandLine().run([*arguments, APPLICATION])
