"""Fixtures for the tests of both packages."""

from pathlib import Path

import pytest

from tests.clients.shifted_clock import built
from tests.conftest import skip_or_fail


@pytest.fixture(scope="session")
def clock_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that shifts the clock of a process."""
    try:
        return built(tmp_path_factory.mktemp("clock"))
    except FileNotFoundError:
        skip_or_fail("There is no C compiler, cc, for the library that shifts a clock.")
        raise
