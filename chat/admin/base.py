"""The base of the admin's lists, pages and actions on a store, on top of Django's `ModelAdmin`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst

from chat.admin.bridge import on_loop
from chat.admin.lists import Found, Rows, StoreChangeList, Wanted
from chat.admin.personal_data.noting import note, place_of
from chat.state import instance_of
from messaging.domain.exceptions import Unavailable
from messaging.domain.graphemes import shortened
from messaging.domain.message import Attachment
from messaging.files.storage import FilesUnavailable
from messaging.notifications.queue.sqs import QueueUnavailable
from messaging.runtime.instance import Instance
from messaging.services.operators.file_addresses import address_files

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

_ROWS = 25
_MAX_FILENAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table on a page, in addition to the fields."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]
    empty: str = "None."


class StoreModelAdmin(_ModelAdmin):
    """Reads through `list_rows`, `find_row` and `list_tables`, which run on the instance's event
    loop; everything else is Django's.

    Nothing can be added or edited. Operators use actions instead, each with a confirmation and a
    permission of its own (`chat.admin.confirmed_actions`).
    """

    scope: ClassVar[str] = ""
    """The parameter that every list of this model requires, if any."""

    single_object_actions: ClassVar[frozenset[str]] = frozenset()
    """Actions for a single object: only pages offer them."""

    list_per_page = _ROWS
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    change_form_template = "admin/chat/page.html"
    empty_value_display = "–"

    class Media:
        css: ClassVar = {"all": ["chat/admin.css"]}

    async def list_rows(self, instance: Instance, wanted: Wanted) -> Found:
        """Return a page of the list."""
        raise NotImplementedError

    async def find_row(self, instance: Instance, key: str) -> Model | None:
        """Return a row by its key, or None."""
        raise NotImplementedError

    async def list_tables(self, instance: Instance, row: Any) -> Sequence[Table]:
        """Return the tables of a row's page."""
        return ()

    def unavailable_actions(self, row: Any) -> set[str]:
        """Return the actions that would change nothing, so that the page does not offer them."""
        return set()

    def read_page(self, request: HttpRequest, wanted: Wanted) -> Found:
        return on_loop(self.list_rows)(instance_of(request), wanted)

    def get_queryset(self, request: HttpRequest) -> Any:
        return Rows(self.model)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[StoreChangeList]:
        return StoreChangeList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Model | None:
        return on_loop(self.find_row)(instance_of(request), object_id)

    def get_action_choices(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        choices = super().get_action_choices(request, *args, **kwargs)
        if request.method != "GET":
            return choices
        return [choice for choice in choices if choice[0] not in self.single_object_actions]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: Django's own deletion is not used."""
        return False

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Refuse at once: Django would begin a transaction, and then look for the object."""
        raise PermissionDenied

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        return self._answer(
            request,
            lambda: super(StoreModelAdmin, self).history_view(request, object_id, extra_context),
        )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})}
        return self._answer(
            request, lambda: super(StoreModelAdmin, self).changelist_view(request, context)
        )

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        if request.method != "GET":
            # Nothing is edited here, and Django would begin a transaction.
            return HttpResponse(status=405)

        def answer() -> Any:
            context = {
                "list_url": self.list_url(request),
                **(extra_context or {}),
            }
            response = super(StoreModelAdmin, self).changeform_view(
                request, object_id, form_url, context
            )
            if isinstance(response, TemplateResponse):
                row = response.context_data["original"]  # type: ignore[index]
                if place_of(row):
                    note(request, f"{self.opts.model_name}.viewed", row)
                pointless = self.unavailable_actions(row)
                response.context_data["acts"] = [  # type: ignore[index]
                    (action[1], action[2])
                    for action in self.get_actions(request).values()
                    if action is not None and action[1] not in pointless
                ]
                tables = on_loop(self.list_tables)(instance_of(request), row)
                response.context_data["tables"] = tables  # type: ignore[index]
                response.context_data["title"] = str(row)  # type: ignore[index]
                response.context_data["subtitle"] = None  # type: ignore[index]
            return response

        return self._answer(request, answer)

    def list_url(self, request: HttpRequest) -> str:
        """Return the URL to which a page posts its actions."""
        return reverse(f"admin:chat_{self.opts.model_name}_changelist")

    def _answer(self, request: HttpRequest, answer: Callable[[], Any]) -> Any:
        try:
            return answer()
        except (Unavailable, QueueUnavailable) as error:
            return unavailable(self, request, error)


def unavailable(
    modeladmin: "_ModelAdmin", request: HttpRequest, error: Exception
) -> TemplateResponse:
    """Return the page that says what does not answer at the moment."""
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": "Not available",
        "detail": str(error),
        "opts": modeladmin.opts,
    }
    return TemplateResponse(request, "admin/chat/unavailable.html", context, status=503)


def excerpt(text: str, *, most: int) -> str:
    """Return a person's text for a cell of a list: cut between graphemes, in its own box and
    writing direction."""
    return format_html('<bdi class="chat-said">{}</bdi>', shortened(text, most))


def link(model: str, key: str, text: str | None = None) -> str:
    """Return a link to the page of an object."""
    url = reverse(f"admin:chat_{model}_change", args=[quote(key)])
    return format_html('<a href="{}"><bdi>{}</bdi></a>', url, text or key)


async def addresses_of(instance: Instance, attachments: Sequence[Attachment]) -> Mapping[str, str]:
    """Return a signed URL by attachment id for each of these files that is still there; none while
    the storage does not answer. Raises StoreUnavailable."""
    try:
        return await address_files(instance, attachments)
    except FilesUnavailable:
        return {}


def file_link(attachment: Attachment, addresses: Mapping[str, str]) -> str:
    """Return a link to a file by its address, by attachment id; its name if it has none."""
    name = shortened(attachment.filename, _MAX_FILENAME)
    address = addresses.get(attachment.id)
    if address is None:
        return format_html("<bdi>{}</bdi>", name)
    return format_html('<a href="{}" rel="noreferrer"><bdi>{}</bdi></a>', address, name)
