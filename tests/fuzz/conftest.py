"""One real server, on which everything is let loose."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.development.instances import instance, migrate
from config.development.processes import Process, free_port
from tests.acceptance.conftest import isolated_environment


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    environment = isolated_environment(folder, INSTANCE_ID="fuzzed")
    migrate(environment)
    with instance(port, environment=environment) as process:
        yield process
