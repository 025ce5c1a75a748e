"""The admin's lists on a store: pages that continue from a cursor, without offsets and counts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core import signing
from django.db.models import Model
from django.http import HttpRequest

from messaging.stores.catalogue import Place

if TYPE_CHECKING:
    from chat.admin.base import StoreModelAdmin

AFTER = "after"
"""The parameter with the cursor of a page."""
_SALT = "chat.admin.place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The rows that a list requests."""

    limit: int
    after: Any = None
    """`Found.next` of the previous page; None for the first."""
    search: str = ""
    filters: Mapping[str, str | None] = field(default_factory=dict)
    """The values of the list's filters and of its scope, by parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of rows."""

    rows: Sequence[Model]
    next: Any = None
    """The cursor of the next page, as JSON data; None at the end."""


class Rows:
    """Takes the place of a queryset in an action of Django's admin: the keys of the selected
    rows."""

    def __init__(self, model: type[Model], keys: Collection[str] = ()) -> None:
        self.model = model
        self.keys = keys

    def filter(self, *, pk__in: Collection[str]) -> "Rows":
        return Rows(self.model, pk__in)


class StoreFilter(SimpleListFilter):
    """A filter whose value goes to the store, in `Wanted.filters`. It is on or off, unless it
    defines other lookups."""

    label: ClassVar[str] = ""
    """The label when it is on."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", self.label)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset


class StoreChangeList(ChangeList):
    """A change list whose page comes from the store.

    It replaces the two methods of `ChangeList` that use a queryset, and keeps everything that the
    templates expect of a list.
    """

    model_admin: "StoreModelAdmin"

    def get_filters_params(self, params: Any = None) -> Any:
        lookups = super().get_filters_params(params)
        lookups.pop(self.model_admin.scope, None)
        return lookups

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        self._after = self.params.pop(AFTER, "")
        self.filter_params.pop(AFTER, None)  # a change of the filter returns to the first page
        (self.filter_specs, self.has_filters, unknown, _, self.has_active_filters) = (
            self.get_filters(request)
        )
        if unknown or not all(_has_known_value(spec) for spec in self.filter_specs):
            raise IncorrectLookupParameters
        self.clear_all_filters_qs = self.get_query_string(remove=list(self.get_filters_params()))
        return self.root_queryset

    def get_results(self, request: HttpRequest) -> None:
        filters = {
            spec.parameter_name: spec.value()
            for spec in self.filter_specs
            if isinstance(spec, SimpleListFilter) and spec.parameter_name
        }
        if scope := self.model_admin.scope:
            filters[scope] = self.params.get(scope, "")
        found = self.model_admin.read_page(
            request,
            Wanted(
                limit=self.list_per_page,
                after=_read_place(self._after) if self._after else None,
                search=self.query.strip(),
                filters=filters,
            ),
        )
        self.result_list: Any = found.rows
        self.result_count = self.full_result_count = len(found.rows)
        self.show_full_result_count = self.show_admin_actions = bool(found.rows)
        self.can_show_all = self.multi_page = False
        self.is_continued = bool(self._after)
        self.first_query = self.get_query_string()
        self.next_query = (
            None if found.next is None else self.get_query_string({AFTER: signed(found.next)})
        )


def _has_known_value(spec: Any) -> bool:
    """Return whether a filter is off or has one of the values that it offers."""
    if not isinstance(spec, SimpleListFilter):
        return True
    return spec.value() in {None, *(str(value) for value, _ in spec.lookup_choices)}


def place(moment: datetime, key: str) -> Any:
    """Return a cursor of a list ordered by time, for `Found.next`."""
    return [moment.isoformat(), key]


def read_place(after: Any) -> Place | None:
    """Read such a cursor from `Wanted.after`."""
    return None if after is None else (datetime.fromisoformat(after[0]), after[1])


def signed(place: Any) -> str:
    """Return the value of the parameter `AFTER` for a list that continues from a cursor."""
    return signing.dumps(place, salt=_SALT)


def _read_place(text: str) -> Any:
    """Read a signed cursor. The signature ensures that a store gets only its own cursors."""
    try:
        return signing.loads(text, salt=_SALT)
    except signing.BadSignature as error:
        raise IncorrectLookupParameters from error
