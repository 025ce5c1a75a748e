"""A conversation of a load that the store had before: it is compared, and not changed."""

from messaging.concurrency.retries import retried
from messaging.domain.conversation import Conversation
from messaging.domain.participant import ReadPosition
from messaging.exchange.hashing import ConversationHash
from messaging.exchange.named import people_of_conversation, people_of_message
from messaging.exchange.records import FullMessage
from messaging.services.exchange.dumping import digest_of
from messaging.services.exchange.loaded_conversations.blocks import complete_blocks
from messaging.services.exchange.loaded_conversations.erasures import is_somebody_erased
from messaging.services.exchange.loaded_conversations.results import Differs, Result, difference
from messaging.stores import Stores

_MESSAGES = 200
"""How many messages are looked up at once."""


class KeptConversation:
    def __init__(self, stores: Stores, conversation: Conversation, stored: Conversation) -> None:
        self._stores = stores
        self._conversation, self._stored = conversation, stored
        self._is_newer = stored.version > conversation.version
        """People have changed it since the file was made: its hash is another one."""
        self._lacks_messages = False
        self._wanted: dict[str, int] = {}
        """The numbers of messages that are not looked up yet, by id."""
        self._hash = ConversationHash()
        self._hash.add(conversation)
        self.people = people_of_conversation(conversation)
        """As in `NewConversation`."""

    @property
    def messages(self) -> int:
        return self._hash.messages

    def add_position(self, position: ReadPosition) -> None:
        """Note whose it is. People keep their positions."""
        self.people.add(position.user_id)

    async def add(self, full: FullMessage) -> None:
        """Add the next message. Raises StoreUnavailable."""
        self._hash.add(full)
        self.people |= people_of_message(full)
        if self._is_newer:
            self._wanted[full.message.id] = full.message.seq
            if len(self._wanted) == _MESSAGES:
                await self._look_up()

    async def end(self) -> Result:
        """Compare it. Raises Differs, StoreUnavailable."""
        # A load may have ended before it did this.
        await complete_blocks(self._stores, self._stored)
        if self._is_newer:
            await self._look_up()
            return Result.OTHER if self._lacks_messages else Result.CONTINUED
        id_ = self._conversation.id
        stored = await digest_of(self._stores.conversations, self._stores.exchange, id_)
        if stored is not None and stored.hash == self._hash.digest():
            return Result.SAME
        if stored is not None and stored.conversation.version > self._conversation.version:
            raise Differs(
                f"Conversation {id_} was changed while it was compared. Load the file again."
            )
        if await is_somebody_erased(self._stores, self.people):
            return Result.CONTINUED  # at this moment
        raise difference(id_, stored=stored.messages if stored else 0, messages=self.messages)

    async def _look_up(self) -> None:
        wanted, self._wanted = self._wanted, {}
        if not wanted or self._lacks_messages:
            return
        get = self._stores.conversations.get_messages
        found = await retried(get, self._conversation.id, list(wanted))
        self._lacks_messages = wanted != {one.id: one.seq for one in found.values()}
