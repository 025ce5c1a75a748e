"""Filters for the lists of tables that grow without end.

Django reads the values of a field by DISTINCT, from the whole table. These filters know the values,
or find them by an index.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db import connections
from django.db.models import QuerySet
from django.http import HttpRequest

from messaging.stores.database.audit import list_actions

_MAX_ACTIONS = 200
"""The most actions that the filter offers; a URL may name others."""


class _ColumnFilter(SimpleListFilter):
    """Filters by the value of one column, which is the parameter too."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset if value is None else queryset.filter(**{str(self.parameter_name): value})


def filter_of(column: str, values: Iterable[StrEnum], *, title: str = "") -> type[SimpleListFilter]:
    """Return a filter that offers the values of an enumeration."""
    offered = [(one.value, one.value) for one in values]

    class EnumFilter(_ColumnFilter):
        parameter_name = column

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return offered

    EnumFilter.title = title or column
    return EnumFilter


class ActionFilter(_ColumnFilter):
    """Offers the actions that the audit trail has."""

    title = "action"
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        database = connections[model_admin.get_queryset(request).db]
        return [(one, one) for one in list_actions(database, limit=_MAX_ACTIONS)]
