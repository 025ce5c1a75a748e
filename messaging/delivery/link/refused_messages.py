"""Refused messages of other instances: counted by reason, and logged at most once a second."""

from enum import StrEnum

import structlog

from messaging.instruments.log_sampling import Sparing
from messaging.instruments.metrics import LINK_REFUSED

logger = structlog.get_logger(__name__)


class Reason(StrEnum):
    TOO_LARGE = "too_large"
    UNDECODABLE = "undecodable"
    """Not a link message."""
    INVALID = "invalid"
    """A field has the wrong type or a value out of its range."""
    INCONSISTENT = "inconsistent"
    """It contradicts itself, or the store."""
    ALTERED = "altered"
    """Its digest does not match."""
    UNSIGNED = "unsigned"
    FORGED = "forged"
    """Signed with none of the keys."""
    REPLAYED = "replayed"
    STALE = "stale"
    """Signed at a time too far from the local clock."""
    NEWER = "newer"
    """From a later release: an unknown version or type."""
    FAILED = "failed"
    """Handling it failed, which is a bug of this instance."""


_QUIET = frozenset({Reason.NEWER})
"""Expected during an upgrade; the changes are found by their version."""

for _reason in Reason:
    LINK_REFUSED.labels(_reason.value)


class Refused(Exception):
    """A message is refused."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Refusals:
    def __init__(self, lines: Sparing | None = None) -> None:
        self._lines = lines or Sparing()

    def note(self, reason: Reason, *, error: BaseException | None = None) -> None:
        """Count a refused message. The log line has the number of suppressed lines, and the
        traceback of `error`."""
        LINK_REFUSED.labels(reason.value).inc()
        if reason in _QUIET:
            return
        unsaid = self._lines.take()
        if unsaid is not None:
            logger.warning(
                "link.message_refused", reason=reason.value, unsaid=unsaid, exc_info=error
            )
