"""What a writer tells its listener, in tests."""

from collections.abc import Callable

from messaging.commits.group_commit import Committed
from messaging.commits.unsettled_commits import Recheck
from messaging.domain.conversation import Conversation


class CommitLog:
    """Keeps everything, and hands commits on."""

    def __init__(self, hand_on: Callable[[Committed], object] | None = None) -> None:
        self._hand_on = hand_on
        self.commits: list[Committed] = []
        self.reads: list[Conversation] = []
        self.doubts: list[Recheck] = []

    def committed(self, committed: Committed) -> None:
        self.commits.append(committed)
        if self._hand_on is not None:
            self._hand_on(committed)

    def was_read(self, conversation: Conversation) -> None:
        self.reads.append(conversation)

    def in_doubt(self, recheck: Recheck) -> None:
        self.doubts.append(recheck)
