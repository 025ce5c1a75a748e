"""The signals of whoever imports the application are its own."""

import signal

from tests.integration.chat import Api, ok

SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def test_requests_without_a_server_take_no_signals(ann: Api) -> None:
    """A test, or a command, keeps its handlers."""
    before = [signal.getsignal(number) for number in SIGNALS]

    ok(await ann.get("/me"))

    assert [signal.getsignal(number) for number in SIGNALS] == before
