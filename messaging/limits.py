"""The limits of the public contract, as shown by `GET /me` and `hello`."""

from dataclasses import asdict, dataclass

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


def get_limits() -> Limits:
    """The limits in force: the contract's, with what the setting `CHAT_LIMITS` changes."""
    return Limits(**getattr(settings, "CHAT_LIMITS", {}))
