"""What `test_hostile_groups` measures on SQLite, on PostgreSQL and on Firestore's emulator."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from config.development.firestore_emulator import EmulatorMissing, own_firestore_emulator
from config.development.instances import migrate
from tests.benchmarks.children import Child, Figures, children
from tests.benchmarks.counting import counting
from tests.conftest import skip_or_fail
from tests.servers.environment import isolated_environment
from tests.servers.postgres import PostgresMissing, postgres_server

VICTIM, OTHER = "victim", "other"
ACTS = ("connect", "unread total", "list of 100", "presence of 100")
MOST = 1.5
_SEED_SECONDS = 1_500.0
_HEAP_MIB = 8_192
"""For the million read positions of 1,000 groups of 1,000 people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A process with a store."""

    child: Child
    received: Callable[[], int]
    """Bytes that the store has sent; 0 where they are not counted."""

    def seed(self, user_id: str, groups: int, people: int) -> int:
        self.child.ask("seed", user_id=user_id, groups=groups, people=people, seconds=_SEED_SECONDS)
        return int(self.child.answer()["groups"])

    def act(self, name: str, user_id: str) -> Figures:
        before = self.received()
        self.child.ask("act", name=name, user_id=user_id)
        return {**self.child.answer(), "bytes": self.received() - before}


@contextmanager
def postgresql(folder: Path) -> Iterator[Place]:
    with postgres_server() as url, _place(folder, DATABASE_URL=url) as child:
        yield Place(child=child, received=lambda: 0)


@contextmanager
def firestore(folder: Path) -> Iterator[Place]:
    with (
        own_firestore_emulator(heap_mib=_HEAP_MIB) as (host, _),
        counting(host) as relay,
        _place(
            folder,
            CHAT_STORE="firestore",
            FIRESTORE_EMULATOR_HOST=relay.address,
            GOOGLE_CLOUD_PROJECT="hostile",
        ) as child,
    ):
        yield Place(child=child, received=lambda: relay.received)


@contextmanager
def _place(folder: Path, **settings: str) -> Iterator[Child]:
    environment = isolated_environment(folder, **settings)
    migrate(environment)
    with children(1, module="tests.benchmarks.hostile", **environment) as (child,):
        yield child


STORES = {"postgresql": postgresql, "firestore": firestore}
JUDGED: Mapping[str, Sequence[str]] = {
    "postgresql": ("wall",),
    # The emulator reads whole documents, which Firestore itself does not send.
    "firestore": ("cpu", "bytes", "reads"),
}
"""Of which figures the victim's are compared with the other's."""


@contextmanager
def _running(store: str, folder: Path) -> Iterator[Place]:
    with ExitStack() as running:
        try:
            place = running.enter_context(STORES[store](folder))
        except (EmulatorMissing, PostgresMissing) as missing:
            skip_or_fail(str(missing))
        yield place


def figures(place: Place, rounds: int) -> dict[str, list[tuple[Figures, Figures]]]:
    """Of each act those of both, in turns."""
    found = {}
    for name in ACTS:
        for user_id in (VICTIM, OTHER):
            place.act(name, user_id)
        found[name] = [(place.act(name, VICTIM), place.act(name, OTHER)) for _ in range(rounds)]
    return found


@pytest.mark.benchmark
@pytest.mark.parametrize("store", STORES)
def test_hostile_groups_on_a_server(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """1,000 groups of 1,000 people, or as many as can be stored in 25 minutes, cost their victim
    at most 1.5 times what as many groups of two cost."""
    with _running(store, tmp_path) as place:
        groups = place.seed(VICTIM, 1_000, 1_000)
        assert groups, "The store took no group of 1,000 people in 25 minutes."
        assert place.seed(OTHER, groups, 2) == groups
        found = figures(place, rounds=15)
    above = []
    with capsys.disabled():
        print(f"\nIn {groups:,} groups of 1,000 and of 2 people; {store}, median of 15 rounds:")
        for name, rounds in found.items():
            for kind in JUDGED[store]:
                victim, other = (median(one[who][kind] for one in rounds) for who in (0, 1))
                ratio = median(one[0][kind] / max(one[1][kind], 1e-9) for one in rounds)
                print(f"  {name:<16}{kind:<6}{victim:>14,.4f}{other:>14,.4f}  {ratio:.2f} ×")
                if ratio > MOST:
                    above.append((name, kind, ratio))
    assert above == []
