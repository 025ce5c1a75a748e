"""The package keeps the rules of docs/socket.md."""

import os
import sys
from pathlib import Path

import pytest

from tests.clients.checking.runner import check
from tests.clients.checking.scenarios import scenarios
from tests.clients.python.conftest import PACKAGE
from tests.clients.shifted_clock import shifted
from tests.clients.test_check import mistakes

_PATH = os.pathsep.join([str(PACKAGE / "src"), str(PACKAGE.parents[1])])
COMMAND = ["env", f"PYTHONPATH={_PATH}", sys.executable, "-m", "tests.clients.python.adapter"]


@pytest.mark.timeout(300)
async def test_the_package_keeps_the_rules() -> None:
    """The short form: on one instance, in seconds."""
    outcomes = await check(COMMAND, [one for one in scenarios() if one.short])

    assert mistakes(outcomes) == []


@pytest.mark.chaos
async def test_the_package_keeps_all_rules() -> None:
    """The long form: two instances, with everything that takes a while."""
    assert mistakes(await check(COMMAND, scenarios())) == []


@pytest.mark.chaos
@pytest.mark.parametrize("seconds", [600, -600])
async def test_the_clock_may_be_off(clock_library: Path, seconds: int) -> None:
    """By ten minutes."""
    command = shifted(clock_library, seconds, COMMAND)
    assert mistakes(await check(command, scenarios())) == []
