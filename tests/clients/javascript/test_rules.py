"""The package keeps the rules of docs/socket.md, in Node and in Chromium."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.clients.checking.runner import check
from tests.clients.checking.scenarios import scenarios
from tests.clients.javascript.browser import bundled
from tests.clients.javascript.conftest import PACKAGE, Run
from tests.clients.shifted_clock import shifted
from tests.clients.test_check import mistakes

# Node 22 needs no flag.
COMMAND = ["node", "--no-warnings", "--experimental-websocket", str(PACKAGE / "test/adapter.js")]


@pytest.fixture
def in_chromium(run: Run, tmp_path: Path, chromium: object) -> Sequence[str]:
    """The command that plays with a page."""
    bundled(run, "checked_page.js", tmp_path)
    module = "tests.clients.javascript.in_chromium"
    return [sys.executable, "-m", module, str(tmp_path / "bundle.js")]


@pytest.mark.timeout(300)
async def test_the_package_keeps_the_rules(run: Run) -> None:
    """The short form: on one instance, in seconds."""
    outcomes = await check(COMMAND, [one for one in scenarios() if one.short])

    assert mistakes(outcomes) == []


@pytest.mark.chaos
async def test_the_package_keeps_all_rules(run: Run) -> None:
    """The long form: two instances, with everything that takes a while."""
    assert mistakes(await check(COMMAND, scenarios())) == []


@pytest.mark.chaos
@pytest.mark.asyncio(loop_scope="session")
async def test_the_package_keeps_all_rules_in_chromium(in_chromium: Sequence[str]) -> None:
    assert mistakes(await check(in_chromium, scenarios())) == []


@pytest.mark.chaos
@pytest.mark.parametrize("seconds", [600, -600])
async def test_the_clock_may_be_off(run: Run, clock_library: Path, seconds: int) -> None:
    """By ten minutes."""
    command = shifted(clock_library, seconds, COMMAND)
    assert mistakes(await check(command, scenarios())) == []
