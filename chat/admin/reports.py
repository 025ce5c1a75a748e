"""Reports: the queue of reported messages, and the decisions about them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from chat.admin.base import StoreModelAdmin, addresses_of, excerpt, file_link, link
from chat.admin.confirmed_actions import act
from chat.admin.lists import Found, StoreFilter, Wanted, place, read_place
from chat.admin.names import named, names_of, person_link
from chat.admin.people import ACCESS_REVOKED, BanForm
from chat.models import Message, Names, Person, Report
from messaging.domain.exceptions import PermissionDenied
from messaging.domain.identifiers import is_stored_id, is_stored_user_id
from messaging.domain.reports import Report as StoredReport
from messaging.domain.reports import ReportStatus
from messaging.runtime.instance import Instance
from messaging.services.operators import conversations, people

_ALL = "all"


@act("Dismiss", permission="handle", consequence="The message does not change.")
async def dismiss(instance: Instance, report: Report, *, by: str) -> None:
    if report.status != ReportStatus.OPEN:
        raise PermissionDenied("The report is already closed.")
    await people.close_report(instance, report_id=report.id, status=ReportStatus.DISMISSED, by=by)


@act(
    "Redact the message",
    permission="redact",
    consequence="Its text and files are deleted for everyone, immediately and permanently.",
    final=True,
    also=lambda report: Message(
        id=f"{report.conversation}.{report.message}", conversation=report.conversation
    ),
)
async def redact_reported(instance: Instance, report: Report, *, by: str) -> None:
    if not report.message:
        raise PermissionDenied("The report is not about a message.")
    await conversations.redact_message(
        instance, conversation_id=report.conversation, message_id=report.message
    )
    await people.close_report(instance, report_id=report.id, status=ReportStatus.REDACTED, by=by)


@act(
    "Ban its author",
    permission="ban",
    consequence=ACCESS_REVOKED,
    form=BanForm,
    also=lambda report: Person(user_id=report.author),
)
async def ban_author(instance: Instance, report: Report, *, by: str, until: datetime) -> None:
    await people.ban_person(instance, person_id=report.author, until=until)
    await people.close_report(instance, report_id=report.id, status=ReportStatus.BANNED, by=by)


class StatusFilter(StoreFilter):
    """Shows open reports by default, and closed ones on request."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((one.value, one.value.capitalize()) for one in ReportStatus), (_ALL, "All")]

    def value(self) -> str:
        return super().value() or ReportStatus.OPEN.value

    def choices(self, changelist: Any) -> Iterator[Any]:
        for lookup, title in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: lookup})
            yield {
                "selected": self.value() == lookup,
                "query_string": query,
                "display": title,
            }


@admin.register(Report)
class ReportAdmin(StoreModelAdmin):
    list_display = ("created_at", "author_named", "shown", "reporter_named", "status", "closed_by")
    fields = (
        *(
            "status",
            "reason",
            "said",
            "files",
            "about",
            "reporter_link",
            "message_link",
            "created_at",
        ),
        *("closed_at", "closed_by"),
    )
    readonly_fields = ("said", "files", "about", "reporter_link", "message_link")
    list_filter = (StatusFilter,)
    search_fields = ("author",)
    search_help_text = "The id of a report, or of a user whose messages were reported."
    actions = (dismiss, redact_reported, ban_author)

    @admin.display(description="reason")
    def shown(self, report: Report) -> str:
        return excerpt(report.reason, most=100)

    @admin.display(description="the text when it was reported")
    def said(self, report: Report) -> str:
        return "(not kept)" if report.copy is None else report.copy.text

    @admin.display(description="the files when it was reported", empty_value="–")
    def files(self, report: Report) -> str | None:
        attachments = report.copy.attachments if report.copy is not None else ()
        lines = (
            (file_link(one, report.addresses), one.content_type, filesizeformat(one.size))
            for one in attachments
        )
        return format_html_join(mark_safe("<br>"), "{} · {} · {}", lines) or None

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the reported content only to operators who decide about it."""
        fields = super().get_fields(request, obj)
        if self.has_handle_permission(request):
            return fields
        return [name for name in fields if name not in {"said", "files"}]

    @admin.display(description="about")
    def author_named(self, report: Report) -> str:
        return named(report.author, report.names)

    @admin.display(description="reported by")
    def reporter_named(self, report: Report) -> str:
        return named(report.reporter, report.names)

    @admin.display(description="about")
    def about(self, report: Report) -> str:
        return person_link(report.author, report.names)

    @admin.display(description="reported by")
    def reporter_link(self, report: Report) -> str:
        return person_link(report.reporter, report.names)

    @admin.display(description="message")
    def message_link(self, report: Report) -> str:
        if not report.message:  # moderation reported a title or a name
            return link("conversation", report.conversation) if report.conversation else "–"
        key = f"{report.conversation}.{report.message}"
        return format_html(
            '{} · <a href="{}?conversation={}">Read the conversation</a> · {}',
            link("message", key, "Read it"),
            reverse("admin:chat_message_changelist"),
            report.conversation,
            link("notification", key, "Who was notified of it"),
        )

    def unavailable_actions(self, row: Any) -> set[str]:
        pointless = set() if row.status == ReportStatus.OPEN else {"dismiss"}
        redacted = row.status == ReportStatus.REDACTED or not row.message
        return pointless | ({"redact_reported"} if redacted else set())

    def has_handle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.handle_report")

    def has_redact_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(("chat.handle_report", "chat.redact_message"))

    def has_ban_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(("chat.handle_report", "chat.ban_person"))

    async def list_rows(self, instance: Instance, wanted: Wanted) -> Found:
        status = wanted.filters["status"]
        author = None
        if wanted.search:
            found = await self.find_row(instance, wanted.search)
            if found is not None or not is_stored_user_id(wanted.search):
                return Found(rows=[] if found is None else [found])
            author, status = wanted.search, _ALL
        listed = await instance.reports.list_reports(
            limit=wanted.limit,
            after=read_place(wanted.after),
            status=None if status in (None, _ALL) else ReportStatus(status),
            author_id=author,
        )
        full = len(listed) == wanted.limit
        people = (one for report in listed for one in (report.author_id, report.reporter_id))
        names = await names_of(instance, people)
        return Found(
            rows=[_row(report, names) for report in listed],
            next=place(listed[-1].created_at, listed[-1].id) if full else None,
        )

    async def find_row(self, instance: Instance, key: str) -> Report | None:
        if not is_stored_id(key):
            return None
        reports = instance.reports
        found = await reports.get_report(key)
        if found is None:
            return None
        row = _row(found, await names_of(instance, [found.author_id, found.reporter_id]))
        row.copy = await reports.get_copy(key)
        if row.copy is not None:
            row.addresses = await addresses_of(instance, row.copy.attachments)
        return row


def _row(report: StoredReport, names: Names) -> Report:
    row = Report(
        id=report.id,
        status=report.status.value,
        reason=report.reason,
        author=report.author_id,
        reporter=report.reporter_id,
        conversation=report.conversation_id,
        message=report.message_id,
        created_at=report.created_at,
        closed_at=report.closed_at,
        closed_by=report.closed_by,
    )
    row.names = names
    return row
