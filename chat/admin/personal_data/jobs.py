"""Jobs with the data of people: their progress, and the receipts of erasures."""

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html

from chat.admin.base import link, unavailable
from chat.admin.bridge import on_loop
from chat.admin.personal_data.filters import filter_of
from chat.admin.personal_data.noting import note
from chat.admin.texts import StrictAdmin
from chat.models import Person
from chat.state import instance_of
from messaging.domain.exceptions import Unavailable
from messaging.domain.personal_data.jobs import JobKind, JobState
from messaging.models import JobRecord
from messaging.services.operators.personal_data import address_export

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
        "file",
    )
    list_filter = (filter_of("state", JobState), filter_of("kind", JobKind))
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

    @admin.display(description="file")
    def file(self, job: JobRecord) -> str:
        if job.kind != JobKind.EXPORT.value or not job.notes:
            return "–"
        url = reverse("admin:messaging_jobrecord_file", args=[job.pk])
        return format_html('<a href="{}">Download the export</a>', url)

    def get_urls(self) -> list[Any]:
        path_ = path(
            "<str:job_id>/file/",
            self.admin_site.admin_view(self.download),
            name="messaging_jobrecord_file",
        )
        return [path_, *super().get_urls()]

    def download(self, request: HttpRequest, job_id: str) -> HttpResponse:
        """Lead to the file of an export. The audit trail records it."""
        if not request.user.has_perm("messaging.add_jobrecord"):
            raise PermissionDenied
        job = JobRecord.objects.filter(pk=job_id, kind=JobKind.EXPORT.value).first()
        if job is None:
            raise Http404
        try:
            url = on_loop(address_export)(instance_of(request), job_id)
        except Unavailable as error:
            return unavailable(self, request, error)
        if url is None:
            raise Http404
        note(request, "person.export_downloaded", Person(user_id=job.person_id))
        return HttpResponseRedirect(url)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
