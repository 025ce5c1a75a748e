"""Passes commits from the writer to the sockets, the other instances, the signals and the
metrics."""

import logging
from collections import Counter

import structlog

from messaging.commits.group_commit import Committed
from messaging.commits.unsettled_commits import Recheck, UnsettledCommits
from messaging.concurrency.tasks import TaskSet
from messaging.delivery.hub.hub import Hub
from messaging.delivery.link.links import AnyLink
from messaging.delivery.publisher import Publisher
from messaging.domain.change import ChangeType
from messaging.domain.conversation import Conversation
from messaging.followers.following import Following
from messaging.instruments.metrics import MESSAGES
from messaging.runtime.reaction_removal import ReactionRemoval
from messaging.runtime.signal_sender import SignalSender
from messaging.stores.conversations import Store
from messaging.webhooks.webhooks import Webhooks

logger = structlog.get_logger(__name__)


class CommitEvents:
    """Receives commits from the writer, and commits that turn out to be applied after all."""

    def __init__(
        self,
        *,
        publisher: Publisher,
        hub: Hub,
        link: AnyLink | None,
        signals: SignalSender,
        store: Store,
        following: Following,
        webhooks: Webhooks,
        background: TaskSet[None],
    ) -> None:
        self.unsettled = UnsettledCommits(timeout=store.timeout, on_found=self._found)
        self._publisher = publisher
        self._hub = hub
        self._link = link
        self._signals = signals
        self._following = following
        self._webhooks = webhooks
        self._reaction_removal = ReactionRemoval(store.reactions, background)

    def committed(self, committed: Committed) -> None:
        """Publish a commit. Every commit passes here, in order, before its requests are
        answered."""
        self._publisher.publish_commit(committed)
        kinds = [change.type for change in committed.changes]
        if logger.is_enabled_for(logging.DEBUG):
            logger.debug(
                "conversation.committed",
                conversation_id=committed.conversation.id,
                version=committed.conversation.version,
                changes={kind.value: count for kind, count in Counter(kinds).items()},
            )
        if sent := kinds.count(ChangeType.MESSAGE_CREATED):
            MESSAGES.inc(sent)
        self._signals.send_committed(committed)
        if self._webhooks.wanted:  # first: it keeps what the store does not show
            self._webhooks.committed(committed)
        self._following.committed(committed)
        for change in committed.changes:
            if change.loses_reactions and change.message is not None:
                self._reaction_removal.start(change.message)

    def was_read(self, conversation: Conversation) -> None:
        """Note a state that the writer has read. It may be ahead of the deliveries here."""
        self._hub.note_version(conversation.id, conversation.version)

    def in_doubt(self, recheck: Recheck) -> None:
        """Check a commit in doubt once it can no longer arrive."""
        self.unsettled.add(recheck)

    def _found(self, conversation: Conversation) -> None:
        """Publish a commit whose answer was lost; the conversation is in this state."""
        self._hub.on_polled_state(conversation)
        self._following.changed(conversation.id)
        if self._link is not None:
            self._link.repeat(conversation.id, conversation.version, conversation.participants)
