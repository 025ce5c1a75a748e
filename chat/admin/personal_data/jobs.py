"""Jobs with the data of people: their progress, and the receipts of erasures."""

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html

from chat.admin.base import link
from chat.admin.texts import StrictAdmin
from messaging.models import JobRecord

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


@admin.register(JobRecord)
class JobAdmin(StrictAdmin, _ModelAdmin):  # type: ignore[misc]
    """The action *Erase* of a person begins one."""

    list_display = ("requested_at", "kind", "person_link", "state", "step", "actor", "finished_at")
    fields = (
        *("id", "kind", "person_link", "erased_id", "state", "step", "attempts"),
        *("actor_kind", "actor", "requested_at", "finished_at", "reason", "done", "receipt"),
    )
    list_filter = ("state", "kind")
    search_fields = ("id", "erased_id")
    ordering = ("-requested_at",)
    show_full_result_count = False

    @admin.display(description="person", empty_value="–")
    def person_link(self, job: JobRecord) -> str | None:
        return link("person", job.person_id) if job.person_id else None

    @admin.display(description="done")
    def done(self, job: JobRecord) -> str:
        return ", ".join(f"{name} {number}" for name, number in sorted(job.counts.items())) or "–"

    @admin.display(description="result", empty_value="–")
    def receipt(self, job: JobRecord) -> str | None:
        if job.result is None:
            return None
        return format_html("<pre>{}</pre>", json.dumps(job.result, indent=2, ensure_ascii=False))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
