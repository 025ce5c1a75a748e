"""What Prometheus sees before anything has failed."""

import pytest
from prometheus_client import REGISTRY

from chat.errors import STATUS
from messaging import stores
from messaging.notifications import notifier

FIRST_FAILURES = [
    *(
        ("chat_notification_jobs_total", {"path": path, "result": result})
        for path, result in [
            ("queue", "dropped"),
            ("direct", "failed"),
            ("direct", "dropped"),
            ("worker", "failed"),
        ]
    ),
    *(
        ("chat_refusals_total", {"door": door, "code": code})
        for door in ("rest", "socket")
        for code in STATUS
    ),
    ("chat_notification_decisions_total", {"verdict": "failed", "reason": "failed"}),
    ("chat_pushes_total", {"kind": "message", "result": "failed"}),
    ("chat_soft_events_dropped_total", {"reason": "overflow"}),
    ("chat_store_unavailable_total", {"operation": "commit"}),
    ("chat_store_unavailable_total", {"operation": "list_conversations"}),
    ("chat_store_unavailable_total", {"operation": "claim"}),
]


@pytest.mark.parametrize(("name", "labels"), FIRST_FAILURES)
def test_a_failure_has_a_series_before_the_first(name: str, labels: dict[str, str]) -> None:
    """`increase()` of a series that begins with its first failure is 0, and no alert fires."""
    assert stores is not None
    assert notifier is not None
    assert REGISTRY.get_sample_value(name, labels) is not None
