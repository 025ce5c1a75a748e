"""The limits of the public contract, as shown by `GET /me` and `hello`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    text_characters: int = 10_000
    """Code points of a message's text."""
    text_bytes: int = 32 * 1024
    body_bytes: int = 64 * 1024
    frame_bytes: int = 64 * 1024
    participants: int = 1_000
    fan_out_participants: int = 300
    """Typing indicators and receipts are not fanned out in larger conversations."""
    listed_participants: int = 50
    """Larger conversations show their participants only when they are loaded one by one."""
    title_characters: int = 200
    reason_characters: int = 1_000
    """Of why a message is reported."""
    page: int = 100
    sync_conversations: int = 100
    latest_conversations: int = 1_000
    """How many conversations `hello` and the unread total cover."""
    sockets: int = 20
    """Of one person, on each instance; when there are more, the oldest is closed."""
    blocks: int = 1_000
    devices: int = 25
    """Per person; the one registered longest ago makes room."""
    presence_users: int = 300
    """Whose presence one may ask for, or watch, at once."""
    changed_messages: int = 1_000
    """Whoever missed more changes than this loads the conversation again."""
    sends_per_second: int = 10
    """Of one person over REST and all sockets together, as the rates that follow."""
    sends_burst: int = 20
    """How many at once, after a rest."""
    typing_seconds: int = 3
    """One may be said to start typing, and to stop, once in so long."""
    requests_per_minute: int = 300
    conversations_per_day: int = 100
    """How many one person may create."""
    people_added_per_day: int = 2_000
    """How many people one person may name for groups."""

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


BOUNDS: Mapping[str, tuple[int, int]] = {
    "text_characters": (1, 96 * 1024),
    "text_bytes": (1, 96 * 1024),
    "body_bytes": (8 * 1024, 1024 * 1024),  # what the servers take, see `config`
    "frame_bytes": (8 * 1024, 128 * 1024),
    "participants": (2, 10_000),  # what a message between instances names
    "fan_out_participants": (0, 10_000),
    "listed_participants": (0, 10_000),
    "title_characters": (1, 500),
    "reason_characters": (1, 10_000),
    "page": (1, 1_000),
    "sync_conversations": (1, 1_000),  # the rate of synced conversations grants no more at once
    "latest_conversations": (1, 10_000),
    "sockets": (1, 1_000),
    "blocks": (0, 5_000),  # they stand in one document of at most 1 MiB, as devices do
    "devices": (1, 150),
    "presence_users": (1, 1_000),
    "changed_messages": (1, 10_000),
    "sends_per_second": (1, 200),  # the rate of commands
    "sends_burst": (1, 400),
    "typing_seconds": (1, 3_600),
    "requests_per_minute": (1, 1_000_000),
    "conversations_per_day": (1, 1_000_000),
    "people_added_per_day": (1, 10_000_000),
}
"""The least and the most that each limit may be set to: other bounds of the product would never
grant more."""
_AROUND_A_TEXT = 4 * 1024
"""Bytes of a body or frame beside its text."""


def wrong_limits(changed: Mapping[str, object]) -> Sequence[str]:
    """Return what is wrong with the setting `CHAT_LIMITS`, a sentence for each mistake."""
    wrong = []
    values = dict(asdict(Limits()))
    for name, value in changed.items():
        if name not in BOUNDS:
            wrong.append(f"CHAT_LIMITS has {name!r}, which is no limit.")
            continue
        if not isinstance(value, int) or not _is_allowed(name, value):
            least, most = BOUNDS[name]
            wrong.append(f"CHAT_LIMITS has {name} = {value!r}. Set it to {least} up to {most}.")
        else:
            values[name] = value
    carried = min(values["body_bytes"], values["frame_bytes"]) - _AROUND_A_TEXT
    if values["text_bytes"] > carried:
        wrong.append(
            f"CHAT_LIMITS has text_bytes = {values['text_bytes']}, and no body or frame carries "
            f"more than {carried}. Raise body_bytes and frame_bytes, or lower text_bytes."
        )
    if values["text_characters"] > values["text_bytes"]:
        wrong.append("CHAT_LIMITS has text_characters above text_bytes. Lower text_characters.")
    return wrong


def get_limits() -> Limits:
    """The limits in force: the contract's, with what the setting `CHAT_LIMITS` changes. A wrong
    value changes nothing: no import fails for it, and `wrong_limits` stops the start."""
    changed: Mapping[str, Any] = getattr(settings, "CHAT_LIMITS", {})
    if not changed:
        return _DEFAULT
    return Limits(**{name: value for name, value in changed.items() if _is_allowed(name, value)})


_DEFAULT = Limits()


def _is_allowed(name: str, value: object) -> bool:
    if name not in BOUNDS or not isinstance(value, int) or isinstance(value, bool):
        return False
    least, most = BOUNDS[name]
    return least <= value <= most
