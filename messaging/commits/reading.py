"""Reads what the changes of a commit need, and evaluates them.

Rights come first: nothing is read for a person who may not see the conversation. Everything is read
after the base: any later change also changes the base, and then the commit fails.
"""

from collections.abc import Sequence

from messaging.changes.change import ConversationChange
from messaging.changes.needs import Known, Needs
from messaging.changes.rights import authorized
from messaging.commits.evaluation import Evaluation
from messaging.domain.conversation import Conversation
from messaging.domain.message import ReactionKey
from messaging.stores.conversations import Store


async def evaluate(
    store: Store,
    base: Conversation,
    changes: Sequence[ConversationChange],
    needs: Sequence[Needs | None],
) -> Evaluation:
    """Return the evaluation of the changes, each of which needs what stands at its place."""
    batch = list(zip(changes, needs, strict=True))
    evaluation = Evaluation(base)
    reading = _Reading(store, base.id, evaluation.known)
    await reading.read([need for change, need in batch if need and authorized(change, base)])
    for change, need in batch:
        if need and authorized(change, evaluation.conversation):
            # An earlier change of this batch may have added its actor.
            await reading.read([need])
        evaluation.add(change)
    return evaluation


class _Reading:
    """Reads into `known`, each thing once. What the evaluation has changed stays."""

    def __init__(self, store: Store, conversation_id: str, known: Known) -> None:
        self._store = store
        self._conversation_id = conversation_id
        self._known = known
        self._messages: set[str] = set()
        self._edited_messages: set[str] = set()
        self._attachments: set[str] = set()
        self._reactions: set[ReactionKey] = set()

    async def read(self, all_needs: Sequence[Needs]) -> None:
        """Read what these changes need and what has not been read. Each message, attachment and
        person's reactions cost one read."""
        messages, edited_messages = set[str](), set[str]()
        attachments, reactions = set[str](), set[ReactionKey]()
        for needs in all_needs:
            messages.update(needs.messages)
            edited_messages.update(needs.edited_messages)
            attachments.update(needs.attachments)
            reactions.update(needs.reactions)
        await self._read_edited_messages(edited_messages)
        await self._read_messages(messages)
        await self._read_attachments(attachments)
        await self._read_reactions(reactions)

    async def _read_messages(self, wanted: set[str]) -> None:
        if not (new := wanted - self._messages):
            return
        self._messages |= new
        found = await self._store.get_messages(self._conversation_id, sorted(new))
        for id_, message in found.items():
            self._known.messages.setdefault(id_, message)

    async def _read_edited_messages(self, wanted: set[str]) -> None:
        if not (new := wanted - self._edited_messages):
            return
        self._edited_messages |= new
        self._messages |= new
        found = await self._store.get_edited(self._conversation_id, sorted(new))
        for id_, (message, earlier_texts) in found.items():
            self._known.messages.setdefault(id_, message)
            self._known.earlier_texts.setdefault(id_, earlier_texts)

    async def _read_attachments(self, wanted: set[str]) -> None:
        if not (new := wanted - self._attachments):
            return
        self._attachments |= new
        found = await self._store.attachments.get(sorted(new))
        for id_, attachment in found.items():
            self._known.attachments.setdefault(id_, attachment)

    async def _read_reactions(self, wanted: set[ReactionKey]) -> None:
        """Read the reactions to those of the messages that exist."""
        new = {key for key in wanted - self._reactions if key[0] in self._known.messages}
        if not new:
            return
        self._reactions |= new
        found = await self._store.reactions.get_reactions(self._conversation_id, sorted(new))
        for key in new:
            self._known.reactions.setdefault(key, found.get(key, ()))
