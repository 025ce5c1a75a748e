"""The package keeps the rules of docs/socket.md, in Node."""

import pytest

from tests.clients.checking.runner import check
from tests.clients.checking.scenarios import scenarios
from tests.clients.javascript.conftest import PACKAGE, Run
from tests.clients.test_check import mistakes

# Node 22 needs no flag.
COMMAND = ["node", "--no-warnings", "--experimental-websocket", str(PACKAGE / "test/adapter.js")]


@pytest.mark.timeout(300)
async def test_the_package_keeps_the_rules(run: Run) -> None:
    """The short form: on one instance, in seconds."""
    outcomes = await check(COMMAND, [one for one in scenarios() if one.short])

    assert mistakes(outcomes) == []


@pytest.mark.chaos
async def test_the_package_keeps_all_rules(run: Run) -> None:
    """The long form: two instances, with everything that takes a while."""
    assert mistakes(await check(COMMAND, scenarios())) == []
