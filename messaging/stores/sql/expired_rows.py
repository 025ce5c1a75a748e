"""Deletes a few expired rows together with frequent writes."""

from datetime import datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

_MAX_AT_ONCE = 500


def purge_expired(database: BaseDatabaseWrapper, model: Any, now: datetime) -> None:
    """Delete up to 500 rows of a model whose `expires_at` lies before `now`."""
    rows = model.objects.using(database.alias)
    some = list(rows.filter(expires_at__lt=now).values_list("pk", flat=True)[:_MAX_AT_ONCE])
    if some:
        rows.filter(pk__in=some).delete()
