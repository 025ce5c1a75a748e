"""What a function makes of a setting is kept until the setting changes."""

from typing import Any

from messaging.domain.cached_setting import cached_setting


def test_it_is_made_once_for_each_value(settings: Any) -> None:
    made = []

    @cached_setting("CHAT_LIMITS")
    def limits() -> dict[str, int]:
        made.append(settings.CHAT_LIMITS)
        return dict(settings.CHAT_LIMITS)

    settings.CHAT_LIMITS = {"sockets": 1}
    assert limits() is limits()
    settings.CHAT_RATE_LIMITS = True
    assert limits() == {"sockets": 1}
    settings.CHAT_LIMITS = {"sockets": 2}

    assert limits() == {"sockets": 2}
    assert made == [{"sockets": 1}, {"sockets": 2}]
