"""The parts of a client, which its constructor connects."""

from typing import TYPE_CHECKING

from chat_client.concurrency.emitter import Emitter
from chat_client.concurrency.tasks import Tasks
from chat_client.connection.rest import Rest
from chat_client.connection.session import Session
from chat_client.state.conversations import Conversations
from chat_client.state.outbox import Outbox
from chat_client.sync.activity import Activity
from chat_client.sync.typing_indicators import TypingIndicators, TypingTeller

if TYPE_CHECKING:
    from chat_client.sync.catching_up import CatchingUp
    from chat_client.sync.following import Following
    from chat_client.sync.loading import Loading
    from chat_client.sync.reading import Reading
    from chat_client.sync.syncing import Syncing


class Parts:
    """Filled once, by the client."""

    me: str = ""
    """The person's id; empty until the first `hello`."""
    tasks: Tasks
    session: Session
    rest: Rest
    emitter: Emitter
    conversations: Conversations
    outbox: Outbox
    activity: Activity
    typing: TypingIndicators
    typing_teller: TypingTeller
    loading: "Loading"
    syncing: "Syncing"
    reading: "Reading"
    catching_up: "CatchingUp"
    following: "Following"
