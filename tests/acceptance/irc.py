"""Logs of an IRC channel as conversations: who was there, who said what, who came and went.

The format is that of the logs in `shared/data` (see the README there): `[11:22] <nick> text` and
`[11:22]  * nick acts` are messages, as is `=== nick acts`; the other `===` lines tell of joins,
leaves, kicks and new names, or of modes and topics, which nobody has said.
"""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

_SAID = re.compile(r"\[\d\d:\d\d\] <(?P<nick>[^>\s]+)\s*> ?(?P<text>.*)", re.DOTALL)
_ACTED = re.compile(r"(?:\[\d\d:\d\d\]  \*|===) (?P<nick>\S+) (?P<text>.+)", re.DOTALL)
_JOINED = re.compile(r"=== (?P<nick>\S+)\s+\[.*\]\s+has joined #ubuntu\s*", re.IGNORECASE)
_LEFT = re.compile(
    r"=== (?P<nick>\S+)\s+"
    r"(?:\[.*\]\s+has (?:left #ubuntu|quit)\b.*|was kicked (?:off|from) #\S+ .*)",
    re.IGNORECASE,
)
_RENAMED = re.compile(r"=== (?P<old>\S+) is now known as (?P<new>\S+)")
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
    """Consistent: only who is there speaks or leaves, only who is not there joins."""

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


def load_logs(lines: int | None) -> Sequence[Log]:
    """The first lines of each log beside the checkout; all of them where `lines` is None.

    Without these logs: generated ones, whose name says so.
    """
    files = sorted(DATA.glob("*.raw.txt"))
    texts = {file.name.removesuffix(".train-a.raw.txt"): file.read_text("utf-8") for file in files}
    if not texts:
        texts = {f"GENERATED-{seed}": generate(seed=seed, lines=2_000) for seed in (1, 2)}
    return [parse(name, text.split("\n")[:lines]) for name, text in texts.items()]


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


_SENTENCES = (
    "anyone know why my sound is gone after the upgrade?",
    "  leading spaces, and trailing ones  ",
    "sudo apt-get update && sudo apt-get dist-upgrade",
    "http://releases.example.org/6.06/ubuntu-6.06-desktop-i386.iso?mirror=de&x=%20",
    "IT WORKS!!!!!!1",
    "¿alguien habla español? — ünïcödé, naïve café",
    "日本語は大丈夫ですか。",
    "да, конечно 😀👩‍👩‍👧‍👦 e\u0301",
    "مرحبا بالعالم",
    "for f in *.deb; do dpkg -i \"$f\" || echo 'no: \\n'; done",
    '{"json": [1, 2, null], "why": "</script>"}',
    "\tindented\twith tabs",
    "lol",
    "!dapper",
    "ok ok ok " * 40,
)
_MARKS = ("", "_", "`", "^away", "|sleep", "[1]", "-laptop", "{x}", "\\o")


def generate(*, seed: int, lines: int) -> str:
    """A log of the same format and shape as the real ones, always the same for a seed."""
    chance = random.Random(seed)
    names = [f"nick{number}{chance.choice(_MARKS)}" for number in range(lines // 6)]
    here, away = names[: len(names) // 2], names[len(names) // 2 :]
    log = []
    for number in range(lines):
        minute = f"[{11 + number // 1500:02}:{number // 25 % 60:02}]"
        what = chance.random()
        nick = chance.choice(here)
        if what < 0.80:
            log.append(f"{minute} <{nick}> {nick}: {chance.choice(_SENTENCES)}")
        elif what < 0.83:
            log.append(f"{minute}  * {nick} {chance.choice(_SENTENCES).strip()}")
        elif what < 0.93 or len(here) < 10:
            new = away.pop(chance.randrange(len(away))) if away else nick
            here.append(new)
            log.append(f"=== {new} [n={new}@host.example.org]  has joined #ubuntu")
        elif what < 0.97:
            here.remove(nick)
            away.append(nick)
            log.append(f'=== {nick} [n={nick}@host.example.org]  has left #ubuntu ["Leaving"] ')
        elif what < 0.98:
            log.append(f"=== mode/#ubuntu [+o {nick}]  by ChanServ")
        else:
            new = f"{nick}{chance.choice('_-^')}"
            if new not in here and new not in away:
                here[here.index(nick)] = new
                log.append(f"=== {nick} is now known as {new}")
    return "\n".join(log) + "\n"
