"""Logs of an IRC channel as conversations: who was there, who said what, who came and went.

The format is that of the logs in `shared/data` (see the README there): `[11:22] <nick> text` and
`[11:22]  * nick acts` are messages, as is `=== nick acts`; the other `===` lines tell of joins,
leaves, kicks and new names, or of modes and topics, which nobody has said.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_DATA = next(
    (
        folder
        for parent in Path(__file__).resolve().parents
        if (folder := parent / "shared" / "data").is_dir()
    ),
    None,
)
"""Where the logs are; None on most machines, for they are no part of the product."""
_SAMPLE = Path(__file__).with_name("sample.raw.txt")
"""Stands in for them: written by hand, with what logs contain."""

_SAID = re.compile(r"\[\d\d:\d\d\] <(?P<nick>[^>\s]+)\s*> ?(?P<text>.*)", re.DOTALL)
_ACTED = re.compile(r"(?:\[\d\d:\d\d\]  \*|===) (?P<nick>\S+) (?P<text>.+)", re.DOTALL)
_JOINED = re.compile(r"=== (?P<nick>\S+)\s+\[.*\]\s+has joined #ubuntu\s*", re.IGNORECASE)
_LEFT = re.compile(
    r"=== (?P<nick>\S+)\s+"
    r"(?:\[.*\]\s+has (?:left #ubuntu|quit)\b.*|was kicked (?:off|from) #\S+ .*)",
    re.IGNORECASE,
)
_RENAMED = re.compile(r"=== (?P<old>\S+) is now known as (?P<new>\S+)")
_ADDRESSED = re.compile(r"(?P<nick>[^\s:,]+)[:,]\s")
_UNSAID = re.compile(r"=== (?:mode/#|\.\.\[topic/#)|\s*\Z")


@dataclass(frozen=True, slots=True)
class Said:
    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class Joined:
    nick: str


@dataclass(frozen=True, slots=True)
class Left:
    nick: str


Action = Said | Joined | Left


@dataclass(frozen=True, slots=True)
class Log:
    name: str
    present: Sequence[str]
    """Who was there from the start."""
    actions: Sequence[Action]
    """Consistent: only present people speak or leave, and only absent people join."""

    @property
    def nicks(self) -> Sequence[str]:
        return tuple(dict.fromkeys([*self.present, *(action.nick for action in self.actions)]))

    @property
    def present_at_the_end(self) -> Sequence[str]:
        here = dict.fromkeys(self.present)
        for action in self.actions:
            match action:
                case Joined(nick=nick):
                    here[nick] = None
                case Left(nick=nick):
                    del here[nick]
        return tuple(here)

    @property
    def said(self) -> Sequence[Said]:
        return tuple(action for action in self.actions if isinstance(action, Said))


def user_id(nick: str) -> str:
    """A well-formed user id; no two nicks have the same one.

    What a user id may not contain stands as its code point between colons; a nick has no colon.
    """
    return "irc." + re.sub(r"[^A-Za-z0-9_.-]", lambda match: f":{ord(match[0]):x}:", nick)


def addressee(text: str) -> str | None:
    """The nick that a text begins with, as in `nick: text`."""
    match = _ADDRESSED.match(text)
    return None if match is None else match["nick"]


def load_logs(lines: int | None) -> Sequence[Log]:
    """The first lines of each log beside the checkout, or all of them where `lines` is None; of the
    sample, where there is no log."""
    files = sorted(_DATA.glob("*.raw.txt")) if _DATA is not None else []
    return [
        parse(file.name.split(".")[0], file.read_text("utf-8").split("\n")[:lines])
        for file in files or [_SAMPLE]
    ]


def parse(name: str, lines: Iterable[str]) -> Log:
    """Raises ValueError for a line that is not of the format."""
    seen: dict[str, bool] = {}
    present: list[str] = []
    actions: list[Action] = []
    for action in _read(lines):
        here = seen.get(action.nick)
        if here is None and not isinstance(action, Joined):
            present.append(action.nick)
            here = True
        match action:
            case Said() if not here:  # the log does not show how they came back
                actions.append(Joined(action.nick))
            case Joined() if here:
                continue
            case Left() if not here:
                continue
        actions.append(action)
        seen[action.nick] = not isinstance(action, Left)
    return Log(name=name, present=present, actions=actions)


def _read(lines: Iterable[str]) -> Iterator[Action]:
    for line in lines:
        if _UNSAID.match(line):
            continue
        if match := _SAID.fullmatch(line):
            yield Said(match["nick"], match["text"])
        elif match := _RENAMED.fullmatch(line):
            yield Left(match["old"])
            yield Joined(match["new"])
        elif match := _JOINED.fullmatch(line):
            yield Joined(match["nick"])
        elif match := _LEFT.fullmatch(line):
            yield Left(match["nick"])
        elif match := _ACTED.fullmatch(line):
            yield Said(match["nick"], f"* {match['nick']} {match['text']}")
        else:
            raise ValueError(f"Not a line of an IRC log: {line!r}")
