"""The audit trail: listed, filtered and exported. Nobody changes it here."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from chat.admin.base import link
from chat.admin.personal_data.filters import ActionFilter, filter_of
from chat.admin.personal_data.noting import note
from chat.admin.texts import StrictAdmin
from messaging.domain.identifiers import is_stored_id, is_stored_user_id
from messaging.domain.personal_data.audit import ActorKind
from messaging.models import AuditEntryRecord
from messaging.services.operators.audit import entry_line
from messaging.stores.database.audit import stored_entry

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

MAX_EXPORTED = 10_000


@admin.register(AuditEntryRecord)
class AuditEntryAdmin(StrictAdmin, _ModelAdmin):  # type: ignore[misc]
    """Who looked at the data of people, and who changed, exported or erased them."""

    list_display = (
        *("at", "actor_kind", "actor", "action", "person_link", "conversation_link", "reason"),
        "failure",
    )
    fields = (
        *("at", "actor_kind", "actor", "action", "person_link", "conversation_link", "message_id"),
        *("reason", "failure", "detail", "request_id"),
    )
    list_filter = ("at", filter_of("actor_kind", ActorKind, title="kind of actor"), ActionFilter)
    list_select_related = ("person",)
    search_fields = ("actor",)
    search_help_text = "The exact id of a user or of a conversation, or the name of an actor."
    ordering = ("-id",)
    show_full_result_count = False
    actions = ("export",)

    @admin.display(description="person", empty_value="–")
    def person_link(self, entry: AuditEntryRecord) -> str | None:
        return None if entry.person is None else link("person", entry.person.user_id)

    @admin.display(description="conversation", empty_value="–")
    def conversation_link(self, entry: AuditEntryRecord) -> str | None:
        return link("conversation", entry.conversation_id) if entry.conversation_id else None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search by an index: never by a part of a text."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = queryset.filter(actor=term)
        if is_stored_id(term):
            found |= queryset.filter(conversation_id=term)
        if is_stored_user_id(term):
            found |= queryset.filter(person__user_id=term)
        return found, False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Export as JSON Lines", permissions=["view"])
    def export(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        """Return the chosen entries as a file, the oldest first."""
        chosen = list(rows.order_by("id")[: MAX_EXPORTED + 1])
        if len(chosen) > MAX_EXPORTED:
            text = f"At most {MAX_EXPORTED} entries: use `manage.py audit_trail`, or filter more."
            self.message_user(request, text, messages.ERROR)
            return None
        note(request, "audit.exported", None, values={"entries": len(chosen)})
        lines = "".join(f"{entry_line(stored_entry(one))}\n" for one in chosen)
        answer = HttpResponse(lines, content_type="application/jsonl; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="audit-trail.jsonl"'
        answer["Cache-Control"] = "no-store"
        return answer
