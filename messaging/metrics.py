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

NOTIFICATION_JOBS = Counter(
    "chat_notification_jobs_total",
    "Notification jobs by where they went or came from, and how they ended.",
    ["path", "result"],
)
"""`path`: queue, direct or worker; `result`: sent, done, again, failed or dropped."""

PUSHES = Counter(
    "chat_pushes_total",
    "Pushes to devices, by what they were for and how they ended.",
    ["kind", "result"],
)

NOTIFICATIONS_WAITING = Gauge(
    "chat_notifications_waiting",
    "Notification jobs that this process keeps until the queue has taken them.",
)

QUEUE_AWAY = Gauge(
    "chat_notification_queue_away",
    "1 while jobs are carried out directly because the queue did not take them.",
)
