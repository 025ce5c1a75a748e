"""A crowd that connects to daphne at once is accepted in small groups."""

import subprocess
import sys

_SCRIPT = """
import os, socket
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
import daphne.server
from config.servers import daphne as bounded
bounded.install()
from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol

class Counting(Factory):
    built = 0
    def buildProtocol(self, address):
        Counting.built += 1
        return Protocol()

port = reactor.listenTCP(0, Counting(), backlog=100, interface="127.0.0.1")
clients = [socket.create_connection(("127.0.0.1", port.getHost().port)) for _ in range(60)]
groups = []
for _ in range(10):
    before = Counting.built
    port.doRead()
    groups.append(Counting.built - before)
print(*groups)
"""


def test_a_crowd_is_accepted_in_small_groups() -> None:
    """Between two groups the event loop serves the connections that are open."""
    output = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, check=True, text=True
    ).stdout

    assert output.split() == ["8"] * 7 + ["4", "0", "0"]
