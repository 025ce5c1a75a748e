"""How many requests, connects, commands and syncs of one person run at once; the others wait.

`messaging.concurrency.turns` has the rule by which they wait, or are refused.
"""

from messaging.concurrency.turns import Turns

SYNCS_AT_ONCE = 4


class PersonTurns:
    """The turns of each person, on one instance."""

    def __init__(self) -> None:
        self.requests = Turns(places=2, most_waiting=64)
        self.connects = Turns(places=2, most_waiting=64)
        self.commands = Turns(places=2, most_waiting=64)
        """Of expensive commands, over all sockets."""
        self.syncs = Turns(places=SYNCS_AT_ONCE, most_waiting=64, rest=1)
        """Of the conversations that syncs read, over all sockets."""
        self.service_requests = Turns(places=16, most_waiting=256, rest=0)
        """Of the requests of each service account, on behalf of whomever."""
