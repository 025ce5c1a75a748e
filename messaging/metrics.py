"""The metrics of this process, named by Prometheus' conventions; `/metrics` shows them.

https://prometheus.io/docs/practices/naming/
"""

from prometheus_client import Counter, Gauge

STORE_DOCUMENTS = Counter(
    "chat_store_documents_total",
    "Documents that the store read, wrote or deleted, as Firestore bills them.",
    ["operation", "kind"],
)
"""`operation`: the store's method; `kind`: read, write or delete."""

STORE_UNAVAILABLE = Counter(
    "chat_store_unavailable_total",
    "Calls to the store that failed, were refused by the open breaker, or were left unanswered.",
    ["operation"],
)

STORE_BREAKER_OPEN = Gauge(
    "chat_store_breaker_open",
    "1 while calls to the store are refused at once because it did not answer lately.",
)

COMMIT_CONFLICTS = Counter(
    "chat_commit_conflicts_total",
    "Commits that were evaluated again because somebody else was faster.",
)

SOFT_EVENTS_DROPPED = Counter(
    "chat_soft_events_dropped_total",
    "Typing indicators and receipts that a slow client was not told of.",
    ["reason"],
)
"""`reason`: replaced by a later one of its kind, or overflow."""

SLOW_SOCKETS_CLOSED = Counter(
    "chat_slow_sockets_closed_total",
    "Sockets that were closed because more waited for them than is kept.",
)
