"""The settings with limits of zero, which no rate can be made of."""

from config.settings import *  # noqa: F403

CHAT_LIMITS = {"typing_seconds": 0, "sends_per_second": 0, "requests_per_minute": 0, "lines": 1}
