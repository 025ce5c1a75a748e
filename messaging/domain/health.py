"""The condition of a dependency."""

from enum import StrEnum


class Condition(StrEnum):
    OK = "ok"
    DEGRADED = "degraded"
    """It fails. Work that needs it is late or takes another path; nothing is lost."""
    UNAVAILABLE = "unavailable"
    """Without it nothing can be served."""
    UNUSED = "unused"
    """The settings do not use it."""
