"""In what condition a part is that the product depends on."""

from enum import StrEnum


class Condition(StrEnum):
    OK = "ok"
    DEGRADED = "degraded"
    """It fails; what needs it is late, or goes another way, and nothing is lost."""
    UNAVAILABLE = "unavailable"
    """Without it nothing is served."""
    UNUSED = "unused"
    """The settings do without it."""
