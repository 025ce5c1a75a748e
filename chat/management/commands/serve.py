"""`manage.py serve`: run instances on the recommended server with the options that it needs."""

import argparse
import asyncio
import os
import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.checks import TAG
from chat.serving import options as server_options
from chat.serving.group import Group
from chat.serving.place import Post

_MAX_PORT = 65_535
_MAX_PROCESSES = 256


class Command(BaseCommand):
    help = "Serves REST, WebSocket and the admin. A proxy in front terminates TLS."
    requires_system_checks = [TAG]  # noqa: RUF012 - as Django declares it

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="the port to listen on")
        parser.add_argument(
            "--processes",
            type=int,
            help="run this number of instances behind the port. An instance that dies is "
            "restarted. SIGHUP replaces the instances one by one. Several instances need Redis",
        )
        parser.add_argument(
            "--metrics-port",
            type=int,
            help="with --processes: the first process is also reachable on this port, the next one "
            "on the next port, and so on. Prometheus needs them",
        )
        parser.add_argument(
            "--metrics-host", default="127.0.0.1", help="the address of the --metrics-port"
        )
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
        self,
        *,
        host: str,
        port: int,
        processes: int | None,
        metrics_host: str,
        metrics_port: int | None,
        server: str,
        proxy_headers: bool,
        **options: Any,
    ) -> None:
        _require_port("--port", port)
        if processes is not None:
            if server != "uvicorn":
                raise CommandError("--processes needs --server uvicorn.")
            _serve_group(host, port, processes, metrics_host, metrics_port)
        elif metrics_port is not None:
            raise CommandError("--metrics-port needs --processes.")
        elif server == "daphne":
            from chat.serving.daphne_server import serve_with_daphne  # noqa: PLC0415 - one of two

            serve_with_daphne(host, port, proxy_headers=proxy_headers)
        else:
            _serve_with_uvicorn(host, port)


def _require_port(option: str, port: int, *, count: int = 1) -> None:
    if not 0 < port <= _MAX_PORT + 1 - count:
        raise CommandError(
            f"{option} is {port}. Set it to a number from 1 to {_MAX_PORT + 1 - count}."
        )


def _serve_with_uvicorn(host: str, port: int) -> None:
    from chat.serving.sole_server import serve_alone  # noqa: PLC0415 - one of two servers

    if not serve_alone(host, port):
        raise CommandError("The server did not start.")


def _serve_group(
    host: str, port: int, processes: int, metrics_host: str, metrics_port: int | None
) -> None:
    if not 0 < processes <= _MAX_PROCESSES:
        raise CommandError(
            f"--processes is {processes}. Set it to a number from 1 to {_MAX_PROCESSES}."
        )
    if processes > 1 and settings.REDIS is None:
        raise CommandError(
            "Several processes need Redis, to reach each other's sockets. Set REDIS_URL."
        )
    if metrics_port is not None:
        _require_port("--metrics-port", metrics_port, count=processes)

    def post(number: int) -> Post:
        instance_id = f"{settings.INSTANCE_ID}-{number + 1}"
        options = (
            ()
            if metrics_port is None
            else ("--own-host", metrics_host, "--own-port", str(metrics_port + number))
        )
        path = os.pathsep.join(filter(None, (str(settings.BASE_DIR), os.environ.get("PYTHONPATH"))))
        environment = {"INSTANCE_ID": instance_id, "PYTHONPATH": path}
        return Post(instance_id=instance_id, options=options, environment=environment)

    async def run() -> bool:
        with _listen(host, port) as listening:
            return await Group(listening, [post(number) for number in range(processes)]).run()

    if not asyncio.run(run()):
        raise CommandError("The processes did not start.")


def _listen(host: str, port: int) -> socket.socket:
    """Raises CommandError."""
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=server_options.BACKLOG)
    except OSError as error:
        raise CommandError(f"Port {port} of {host} cannot be used: {error.strerror}.") from error
