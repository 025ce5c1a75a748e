"""The limits of the public contract, as shown by `GET /me` and `hello`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from django.conf import settings

from messaging.domain.cached_setting import cached_setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    text_characters: int = 10_000
    """The code points of a message's text."""
    text_bytes: int = 32 * 1024
    body_bytes: int = 64 * 1024
    frame_bytes: int = 64 * 1024
    participants: int = 1_000
    fan_out_participants: int = 300
    """Larger conversations get no typing indicators and no receipts of others."""
    listed_participants: int = 50
    """Larger conversations list their participants only when loaded one by one."""
    title_characters: int = 200
    reactions: int = 20
    """The kinds of reactions on one message."""
    reactions_per_person: int = 5
    """The kinds of one person's reactions on one message."""
    reason_characters: int = 1_000
    """The code points of a report's reason."""
    page: int = 100
    sync_conversations: int = 100
    latest_conversations: int = 1_000
    """The number of conversations in `hello` and the unread total."""
    sockets: int = 20
    """Per person and instance. A further socket closes the oldest."""
    blocks: int = 1_000
    devices: int = 25
    """Per person. A further device replaces the one registered longest ago."""
    presence_users: int = 300
    """The people whose presence a person may request or watch at once."""
    changed_messages: int = 1_000
    """A client that missed more changes loads the conversation again."""
    sends_per_second: int = 10
    """Per person, over REST and all sockets together. The same holds for the following rates."""
    sends_burst: int = 20
    """The burst after a rest."""
    typing_seconds: int = 3
    """The minimum seconds between two typing indicators of a person, and between two ends of
    them."""
    requests_per_minute: int = 300
    conversations_per_day: int = 100
    """The conversations that a person may create."""
    people_added_per_day: int = 2_000
    """The people that a person may add to groups."""
    attachments: int = 10
    """The files of one message."""
    attachment_bytes: int = 25 * 1024 * 1024
    attachments_per_minute: int = 20
    """The files that a person may announce."""
    filename_characters: int = 255
    searches_per_minute: int = 60

    def as_dict(self) -> dict[str, int]:
        """Return the limits by name. Each `hello` contains them, and `dataclasses.asdict` took a
        fifth of a connect."""
        return dict(zip(_NAMES, _values(self), strict=True))


_NAMES = tuple(field.name for field in fields(Limits))
_values = attrgetter(*_NAMES)


BOUNDS: Mapping[str, tuple[int, int]] = {
    "text_characters": (1, 96 * 1024),
    "text_bytes": (1, 96 * 1024),
    "body_bytes": (8 * 1024, 1024 * 1024),  # the maximum of the servers, see `config`
    "frame_bytes": (8 * 1024, 128 * 1024),
    "participants": (2, 10_000),  # the maximum in a message between instances
    "fan_out_participants": (0, 10_000),
    "listed_participants": (0, 10_000),
    "title_characters": (1, 500),
    "reactions": (1, 40),  # each adds up to 1.5 kB to the message
    "reactions_per_person": (1, 40),
    "reason_characters": (1, 10_000),
    "page": (1, 1_000),
    "sync_conversations": (1, 1_000),  # the burst of the rate of synced conversations
    "latest_conversations": (1, 10_000),
    "sockets": (1, 1_000),
    "blocks": (0, 5_000),  # they are stored in one document of at most 1 MiB, as devices are
    "devices": (1, 150),
    "presence_users": (1, 1_000),
    "changed_messages": (1, 10_000),
    "sends_per_second": (1, 200),  # the rate of commands
    "sends_burst": (1, 400),
    "typing_seconds": (1, 3_600),
    "requests_per_minute": (1, 1_000_000),
    "conversations_per_day": (1, 1_000_000),
    "people_added_per_day": (1, 10_000_000),
    "attachments": (1, 100),  # the reads and writes of one commit
    "attachment_bytes": (1, 512 * 1024 * 1024),  # a check reads the whole file into memory
    "attachments_per_minute": (1, 100_000),
    "filename_characters": (1, 255),
    "searches_per_minute": (1, 100_000),
}
"""The minimum and the maximum of each limit. Outside this range, other bounds of the product would
apply first."""
_AROUND_A_TEXT = 4 * 1024
"""The bytes of a body or frame besides its text."""


def wrong_limits(changed: Mapping[str, object]) -> Sequence[str]:
    """Return a sentence for each mistake in the setting `CHAT_LIMITS`."""
    wrong = []
    values = Limits().as_dict()
    for name, value in changed.items():
        if name not in BOUNDS:
            wrong.append(f"CHAT_LIMITS has {name!r}, which is not a limit.")
            continue
        if not isinstance(value, int) or not _is_allowed(name, value):
            least, most = BOUNDS[name]
            wrong.append(
                f"CHAT_LIMITS has {name} = {value!r}. Set it to a value from {least} to {most}."
            )
        else:
            values[name] = value
    carried = min(values["body_bytes"], values["frame_bytes"]) - _AROUND_A_TEXT
    if values["text_bytes"] > carried:
        wrong.append(
            f"CHAT_LIMITS has text_bytes = {values['text_bytes']}, but a body or frame carries "
            f"at most {carried}. Raise body_bytes and frame_bytes, or lower text_bytes."
        )
    if values["text_characters"] > values["text_bytes"]:
        wrong.append("CHAT_LIMITS has text_characters above text_bytes. Lower text_characters.")
    return wrong


@cached_setting("CHAT_LIMITS")
def get_limits() -> Limits:
    """Return the limits in force: those of the contract, changed by the setting `CHAT_LIMITS`."""
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
