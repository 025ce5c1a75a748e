"""Moderation before storing: the rules of the operators, and what is judged by them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from messaging.domain.identifiers import SERVICE_PREFIX
from messaging.domain.integrations.secrets import Secrets

MODERATION_ID = f"{SERVICE_PREFIX}moderation"
"""The reporter of what moderation flags."""
MAX_WORDS = 20_000
"""The words of all lists together."""
MAX_WORD = 200
"""Characters of a word or phrase."""


class TextKind(StrEnum):
    """What a text is for."""

    MESSAGE = "message"
    EDIT = "edit"
    TITLE = "title"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A text that somebody wants to store."""

    kind: TextKind
    user_id: str
    text: str
    conversation_id: str | None = None
    """None for the name of a person."""
    message_id: str | None = None
    client_id: str | None = None
    require_text: Callable[[str], object]
    """Raises InvalidRequest for a text that cannot take the place of this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The judgement on a text that may be stored."""

    text: str
    """The text to store: that of the submission, or another one in its place."""
    flags: tuple[str, ...] = ()
    """Why operators should look at it; empty if they need not."""


class WordAction(StrEnum):
    """What happens to a text with a word of a list."""

    BLOCK = "block"
    """It is refused."""
    FLAG = "flag"
    """It is stored and reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordList:
    name: str
    action: WordAction
    words: tuple[str, ...]
    """Words and phrases. `*` at an end stands for any letters there."""


class Fallback(StrEnum):
    """What happens to a text while the hook does not answer."""

    ALLOW = "allow"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSettings:
    """The hook, a URL of the operator's own that judges each text."""

    url: str
    secrets: Secrets
    """They sign its requests."""
    fallback: Fallback


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules in force."""

    word_lists: tuple[WordList, ...] = ()
    hook: HookSettings | None = None

    def __bool__(self) -> bool:
        return bool(self.word_lists) or self.hook is not None


NO_RULES = Rules()
