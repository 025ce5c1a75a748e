"""Keyset paging: a list continues after the last row that was shown, whatever came before it.

A cursor is a value and, among the few rows with the same value, an id. The first of the two
conditions bounds the range of the index that is read. Without it, a database may walk through all
previous pages.
"""

from typing import Any

from django.db.models import Q


def before(place: tuple[Any, str], *, value: str, id_: str = "id") -> Q:
    """Return the condition for rows after a cursor in a list that descends by `value`, then by
    `id_` (names of fields)."""
    return Q(**{f"{value}__lte": place[0]}) & (
        Q(**{f"{value}__lt": place[0]}) | Q(**{f"{id_}__lt": place[1]})
    )


def beyond(place: tuple[Any, str], *, value: str, id_: str = "id") -> Q:
    """Return the condition for rows after a cursor in a list that ascends."""
    return Q(**{f"{value}__gte": place[0]}) & (
        Q(**{f"{value}__gt": place[0]}) | Q(**{f"{id_}__gt": place[1]})
    )
