"""Dead letters: list and replay notification jobs that failed too often."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseRedirect

from chat.admin.base import StoreModelAdmin
from chat.admin.confirmed_actions import act
from chat.admin.lists import Found, Wanted
from chat.models import DeadLetter
from messaging.notifications.jobs import ClearJob, FollowJob, NotifyJob
from messaging.notifications.queue import dead_letters
from messaging.notifications.queue.dead_letters import NoDeadLetters
from messaging.notifications.queue.sqs import QueueUnavailable
from messaging.runtime.instance import Instance

_MAX_LISTED = 100
_KINDS: dict[type, str] = {NotifyJob: "notify", ClearJob: "clear", FollowJob: "webhooks"}


@act(
    "Replay",
    permission="replay",
    consequence="The jobs return to the queue. No phone gets a second push, or a push for a "
    "message older than an hour.",
)
async def replay(instance: Instance, letter: DeadLetter, *, by: str) -> None:
    if not await dead_letters.replay_dead_letters(settings.NOTIFICATION_QUEUE_URL, ids=[letter.id]):
        raise QueueUnavailable(
            "The job is no longer in the queue, or is hidden at the moment. Retry."
        )


@admin.register(DeadLetter)
class DeadLetterAdmin(StoreModelAdmin):
    list_display = ("made_at", "kind", "message", "conversation", "people")
    list_display_links = None
    list_per_page = _MAX_LISTED
    actions = (replay,)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.replay_deadletter")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if not settings.NOTIFICATION_QUEUE_URL:
            messages.info(request, "There is no queue: each instance sends its own pushes.")
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Refuse: dead letters have no pages, because SQS cannot look one up."""
        return HttpResponseRedirect(self.list_url(request))

    async def list_rows(self, instance: Instance, wanted: Wanted) -> Found:
        if not settings.NOTIFICATION_QUEUE_URL:
            return Found(rows=[])
        try:
            letters = await dead_letters.list_dead_letters(
                settings.NOTIFICATION_QUEUE_URL, most=wanted.limit
            )
        except NoDeadLetters:
            return Found(rows=[])
        rows = [_row(letter) for letter in letters]
        rows.sort(key=lambda row: str(row.made_at))
        return Found(rows=rows)

    async def find_row(self, instance: Instance, key: str) -> DeadLetter:
        return DeadLetter(id=key)


def _row(letter: dead_letters.DeadLetter) -> DeadLetter:
    job = letter.job
    if job is None:
        return DeadLetter(id=letter.id, kind="not a job")
    return DeadLetter(
        id=letter.id,
        kind=_KINDS[type(job)],
        conversation=job.conversation_id,
        message=job.message_id if isinstance(job, NotifyJob) else "",
        people=len(job.user_ids) if isinstance(job, NotifyJob) else int(isinstance(job, ClearJob)),
        made_at=datetime.fromtimestamp(job.made_at, UTC),
    )
