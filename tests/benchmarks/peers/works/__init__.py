"""The works: what each peer is asked to do. Each measures one running server."""

from collections.abc import Callable, Iterator, Mapping

from tests.benchmarks.peers.bench import Bench, Figure
from tests.benchmarks.peers.works.commands import commands
from tests.benchmarks.peers.works.connects import connects
from tests.benchmarks.peers.works.fan_out import fan_out
from tests.benchmarks.peers.works.idle import idle
from tests.benchmarks.peers.works.sends import sends
from tests.benchmarks.peers.works.stored import stored

WORKS: Mapping[str, Callable[[Bench], Iterator[Figure]]] = {
    "fan-out": fan_out,
    "commands": commands,
    "connects": connects,
    "idle": idle,
    "sends": sends,
    "stored": stored,
}
