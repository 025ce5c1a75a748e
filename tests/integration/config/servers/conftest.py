"""Servers that the tests of this folder share: to start one takes longer than most of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from config.development.processes import Process
from tests.integration.config.servers.served import Command, served

Serve = Callable[[Command], tuple[int, Process]]


@pytest.fixture(scope="package")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """The port and the process of the server that a command starts: `serve(command)`. The next
    test that asks for it gets the same, with what was counted before."""
    with ExitStack() as running:
        started: dict[Command, tuple[int, Process]] = {}

        def run(command: Command) -> tuple[int, Process]:
            if command not in started:
                folder = tmp_path_factory.mktemp("server")
                started[command] = running.enter_context(served(command, folder))
            return started[command]

        yield run
