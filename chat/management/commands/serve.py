"""`manage.py serve`: run one instance on the recommended server with the options that it needs."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat.checks import TAG
from messaging.optional_libraries import hidden

APPLICATION = "config.asgi:application"
_KEEP_ALIVE_SECONDS = 75
"""Longer than the 60 seconds for which nginx keeps idle connections, so that nginx never sends a
request on a connection that is being closed."""
_BACKLOG = 2048
_FRAME_BYTES = 128 * 1024
_DAPHNE_MESSAGE_BYTES = 8 * 1024 * 1024
"""daphne's option also limits outgoing messages, and an answer to `conversation.sync` is long."""


class Command(BaseCommand):
    help = "Serves REST, WebSocket and the admin. A proxy in front terminates TLS."
    requires_system_checks = [TAG]  # noqa: RUF012 - as Django declares it

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="the port to listen on")
        parser.add_argument(
            "--server",
            choices=("uvicorn", "daphne"),
            default="uvicorn",
            help="uvicorn is recommended: it drains faster and needs less memory",
        )
        parser.add_argument(
            "--proxy-headers",
            action="store_true",
            help="make daphne trust X-Forwarded-For and X-Forwarded-Proto from any peer, so only "
            "the proxy may reach it. uvicorn needs no option: it trusts the peers in "
            "FORWARDED_ALLOW_IPS (127.0.0.1). TRUSTED_PROXIES applies to both",
        )

    def handle(
        self, *, host: str, port: int, server: str, proxy_headers: bool, **options: Any
    ) -> None:
        if not 0 < port < 65536:
            raise CommandError(f"--port is {port}. Set it to a number from 1 to 65535.")
        if server == "daphne":
            _serve_with_daphne(host, port, proxy_headers=proxy_headers)
        else:
            _serve_with_uvicorn(host, port)


def _serve_with_uvicorn(host: str, port: int) -> None:
    with hidden("watchfiles"):  # it reloads changed code, for which `runserver` is there
        import uvicorn  # noqa: PLC0415 - one of two servers

    # The application adds its bounds on connections to this configuration (`config.asgi`).
    uvicorn.run(
        APPLICATION,
        host=host,
        port=port,
        backlog=_BACKLOG,
        ws="websockets-sansio",
        ws_max_size=_FRAME_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=None,  # heartbeats and the idle timeout do the same, for less
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        access_log=False,  # the proxy writes it
        log_config=None,  # Django's settings configure logging
        server_header=False,
        lifespan="on",
    )


def _serve_with_daphne(host: str, port: int, *, proxy_headers: bool) -> None:
    from daphne.cli import CommandLineInterface  # noqa: PLC0415 - one of two servers

    arguments = ["--bind", host, "--port", str(port), "--verbosity", "0", "--no-server-name"]
    arguments += ["--websocket-max-message-size", str(_DAPHNE_MESSAGE_BYTES)]
    if proxy_headers:
        arguments.append("--proxy-headers")
    CommandLineInterface().run([*arguments, APPLICATION])
