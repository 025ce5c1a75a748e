"""A server says in its log where it is, once it accepts connections."""

import json
import time
from pathlib import Path

import pytest

from chat.serving.addresses import url_of
from config.development.ports import free_port
from config.development.processes import Process
from tests.databases import migrate
from tests.servers.commands import serve_command
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance

_PATIENCE = 60.0


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
def test_an_instance_names_its_address(server: str, tmp_path: Path) -> None:
    environment = isolated_environment(tmp_path, LOG_FORMAT="json")
    migrate(environment)
    port = free_port()
    command = serve_command(port, "--server", server)
    with forked_instance(port, environment=environment, command=command) as process:
        assert _address(process) == f"http://127.0.0.1:{port}"


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    assert url_of("::1", 8000) == "http://[::1]:8000"
    assert url_of("localhost", 8000) == "http://localhost:8000"


def _address(process: Process) -> str:
    end = time.monotonic() + _PATIENCE
    while True:
        for text in process.output().splitlines():
            if '"server.ready"' in text:
                return str(json.loads(text)["address"])
        assert time.monotonic() < end, process.output()[-3000:]
        time.sleep(0.05)
