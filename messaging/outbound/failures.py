"""Why a request to a URL of an operator's got no answer."""

from enum import StrEnum


class Failure(StrEnum):
    """Why a request got no answer. Logs, metrics and the admin show it."""

    ADDRESS_REFUSED = "address_refused"
    """The name has only private addresses, plain HTTP would leave the operator's networks, or the
    URL has no valid host or port."""
    NOT_CONNECTED = "not_connected"
    NO_ANSWER = "no_answer"
    """The answer did not arrive in time."""
    BROKEN_ANSWER = "broken_answer"
    """The connection ended before the answer, or the answer is no HTTP."""
    TOO_LARGE = "too_large"


class OutboundFailed(Exception):
    """The request got no answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


class NothingAnswered(OutboundFailed):
    """The connection ended before the first byte of an answer."""

    def __init__(self) -> None:
        super().__init__(Failure.BROKEN_ANSWER)
