"""Keyset paging: a list goes on after the last row that was shown, whatever came before it.

A place is a value and, among the few rows of the same value, an id. The first of the two conditions
bounds the stretch of the index that is read; without it a database may walk through all pages
before.
"""

from typing import Any

from django.db.models import Q


def before(place: tuple[Any, str], *, value: str, id_: str = "id") -> Q:
    """What follows this place in a list that descends by `value`, then by `id_` (names of
    fields)."""
    return Q(**{f"{value}__lte": place[0]}) & (
        Q(**{f"{value}__lt": place[0]}) | Q(**{f"{id_}__lt": place[1]})
    )


def beyond(place: tuple[Any, str], *, value: str, id_: str = "id") -> Q:
    """What follows this place in a list that ascends."""
    return Q(**{f"{value}__gte": place[0]}) & (
        Q(**{f"{value}__gt": place[0]}) | Q(**{f"{id_}__gt": place[1]})
    )
