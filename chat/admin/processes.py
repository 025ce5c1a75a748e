"""The overview: the live figures of all instances and workers."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect

from chat.admin.base import StoreModelAdmin
from chat.admin.bridge import on_loop
from chat.admin.lists import Found, Wanted
from chat.models import Process
from chat.state import instance_of
from messaging.runtime.figures import Figures
from messaging.runtime.instance import Instance
from messaging.services.operators.overview import get_overview

_REFRESH_SECONDS = 10
"""The interval in seconds at which the page reloads, without a script."""


@admin.register(Process)
class ProcessAdmin(StoreModelAdmin):
    list_display = (
        "instance_id",
        "role",
        "version",
        "state",
        "sockets",
        "link",
        "messages",
        "deliveries",
        "latency",
        "uptime",
    )
    list_display_links = None
    change_list_template = "admin/chat/overview.html"

    @admin.display(description="state")
    def state(self, process: Process) -> str:
        return "draining" if process.figures.draining else "live"

    @admin.display(description="messages/s")
    def messages(self, process: Process) -> str:
        return f"{process.figures.messages_rate:.1f}"

    @admin.display(description="deliveries/s")
    def deliveries(self, process: Process) -> str:
        return f"{process.figures.deliveries_rate:.1f}"

    @admin.display(description="store latency")
    def latency(self, process: Process) -> str | None:
        latency = process.figures.store_latency
        return None if latency is None else f"{latency * 1000:.1f} ms"

    @admin.display(description="up for")
    def uptime(self, process: Process) -> str:
        minutes, seconds = divmod(round(process.figures.uptime), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        overview = on_loop(get_overview)(instance_of(request))
        response = super().changelist_view(request, {"overview": overview})
        response["Refresh"] = str(_REFRESH_SECONDS)
        return response

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        return HttpResponseRedirect(self.list_url(request))

    async def list_rows(self, instance: Instance, wanted: Wanted) -> Found:
        return Found(rows=[_row(one) for one in (await get_overview(instance)).processes])

    async def find_row(self, instance: Instance, key: str) -> Process | None:
        processes = (await get_overview(instance)).processes
        return next((_row(one) for one in processes if one.boot_id == key), None)


def _row(figures: Figures) -> Process:
    row = Process(
        boot_id=figures.boot_id,
        instance_id=figures.instance_id,
        role=figures.role,
        version=figures.version,
        sockets=figures.sockets,
        link=figures.link,
    )
    row.figures = figures
    return row
