"""Each limit that the setting CHAT_LIMITS may change: what is accepted is granted."""

from dataclasses import fields

import pytest
from pytest_django.fixtures import Settings

from chat.checks import check_settings
from chat.limits.throttling import COMMANDS, SYNCED
from config.servers.connection_bounds import MAX_BODY_BYTES
from config.servers.frame_gate import MAX_MESSAGE_BYTES
from messaging.delivery.field_types import MAX_PEOPLE
from messaging.domain.limits import BOUNDS, Limits, wrong_limits

NAMES = [field.name for field in fields(Limits)]
TEXT = {"text_characters", "text_bytes"}


def named(changed: dict[str, object]) -> list[str]:
    """The limits that are said to be wrong."""
    return [wrong.split()[2] for wrong in wrong_limits(changed)]


def test_every_limit_has_its_bounds() -> None:
    assert list(BOUNDS) == NAMES
    assert wrong_limits({}) == wrong_limits(Limits().as_dict()) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_that_would_never_be_granted_stops_the_start(settings: Settings, name: str) -> None:
    """Nor what would let nobody do anything, or is no number; the message names it."""
    settings.DEBUG = True
    least, most = BOUNDS[name]
    for value in (most + 1, least - 1, -1, None, "5", 1.5, True):
        settings.CHAT_LIMITS = {name: value}
        (error,) = [error for error in check_settings() if error.id == "chat.E034"]
        assert error.msg.startswith(f"CHAT_LIMITS has {name} = {value!r}.")


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TEXT])
def test_what_may_be_set(name: str) -> None:
    """Both bounds. A body or frame that carries no text of the allowed size is told with it."""
    for value in BOUNDS[name]:
        assert named({name: value, "text_bytes": 1, "text_characters": 1}) == []


def test_an_unknown_limit() -> None:
    assert wrong_limits({"lines": 5}) == ["CHAT_LIMITS has 'lines', which is not a limit."]


def test_a_text_that_nothing_carries() -> None:
    """With the defaults, with larger bodies alone, and with both."""
    assert named({"text_bytes": 64 * 1024}) == ["text_bytes"]
    assert named({"text_bytes": 64 * 1024, "body_bytes": 128 * 1024}) == ["text_bytes"]
    large = {"body_bytes": 128 * 1024, "frame_bytes": 128 * 1024}
    assert named({"text_bytes": 64 * 1024, **large}) == []
    assert named({"text_characters": 33 * 1024}) == ["text_characters"]


def test_the_bounds_are_those_of_what_comes_before() -> None:
    """Where one of them changes, so has the other."""
    assert BOUNDS["body_bytes"][1] <= MAX_BODY_BYTES
    assert BOUNDS["frame_bytes"][1] <= MAX_MESSAGE_BYTES
    assert BOUNDS["participants"][1] <= MAX_PEOPLE
    assert BOUNDS["sync_conversations"][1] <= SYNCED.burst
    assert BOUNDS["sends_per_second"][1] <= COMMANDS.per_second
    assert BOUNDS["sends_burst"][1] <= COMMANDS.burst
