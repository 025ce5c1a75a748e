"""Which messages came by which socket, and how late."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.crowd import Crowd
from tests.chaos.ledger import Sent
from tests.chaos.stubborn import StubbornClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message that came by a socket."""

    sent: Sent
    client: StubbornClient
    delay: float
    """Seconds after its acknowledgement; 0 where it came before that."""

    @property
    def across(self) -> bool:
        """Whether it is known to have come from another instance."""
        return self.sent.through not in {"", self.client.instance_id}


def deliveries(crowd: Crowd) -> Sequence[Delivery]:
    found = []
    for client in crowd.clients:
        for known in client.conversations.values():
            for arrival in (arrival for stay in known.stays for arrival in stay.messages):
                sent = crowd.ledger.by_message.get(arrival.id)
                if arrival.at is None or sent is None or sent.acknowledged_at is None:
                    continue
                if arrival.version != sent.version:
                    continue  # its edit was what brought it to somebody who had not loaded it
                delay = max(arrival.at - sent.acknowledged_at, 0.0)
                found.append(Delivery(sent=sent, client=client, delay=delay))
    return found
