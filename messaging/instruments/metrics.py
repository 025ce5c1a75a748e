"""The metrics of this process, named by Prometheus' conventions; `/metrics` shows them, and
docs/metrics.md explains them.

A counter whose labels are known from the start has all of its series from the start: `increase()`
of a series that begins with its first failure is 0.

https://prometheus.io/docs/practices/naming/
https://prometheus.io/docs/practices/instrumentation/#avoid-missing-metrics
"""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

# A third of all series, of which nobody asks more than when this process started.
disable_created_metrics()  # type: ignore[no-untyped-call]

_HOPS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

HTTP_REQUEST_SECONDS = Histogram(
    "chat_http_request_seconds",
    "From a request of the API until its answer was made, by route and not by path.",
    ["method", "route", "status"],
    buckets=_HOPS,
)

REFUSALS = Counter(
    "chat_refusals_total",
    "Requests and commands that were answered with an error, by door and code.",
    ["door", "code"],
)
"""`door`: rest or socket; `code`: that of the answer. Every pair starts at 0 (`chat.errors`), so
that `increase()` shows the first one."""

LOG_LINES_SUPPRESSED = Counter(
    "chat_log_lines_suppressed_total",
    "Log lines of refusals, warnings and errors that were not written because there were too many.",
)

CACHE_BYTES = Gauge(
    "chat_cache_bytes", "About how many bytes a cache or queue of this process holds.", ["cache"]
)

CACHE_LIMIT_BYTES = Gauge(
    "chat_cache_limit_bytes", "How many bytes a cache or queue of this process may hold.", ["cache"]
)

SOCKETS = Gauge("chat_sockets", "WebSockets that are open on this instance.")

MESSAGES = Counter("chat_messages_total", "Messages that this instance has committed.")

DELIVERIES = Counter(
    "chat_deliveries_total", "Durable events handed to sockets, one for each socket."
)

COMMAND_SECONDS = Histogram(
    "chat_command_seconds",
    "From a command's turn on its socket until its answer was made.",
    ["command", "code"],
    buckets=_HOPS,
)
"""`code`: ok, or that of the error."""

SOCKETS_REFUSED = Counter(
    "chat_sockets_refused_total",
    "Sockets closed for their frames before the application saw them, by reason.",
    ["reason"],
)
for _reason in ("too_many_frames", "too_large", "unreadable"):
    SOCKETS_REFUSED.labels(_reason)

CONNECTIONS_REFUSED = Counter(
    "chat_connections_refused_total",
    "HTTP connections closed before a request was complete, by reason.",
    ["reason"],
)
for _reason in ("head_too_large", "head_too_slow", "body_too_large", "body_too_slow", "too_many"):
    CONNECTIONS_REFUSED.labels(_reason)

OPERATOR_SIGN_INS = Counter(
    "chat_operator_sign_ins_total",
    "Attempts to sign in to the admin, by result.",
    ["result"],
)
"""`result`: accepted, refused, or limited (not looked at)."""

for _result in ("accepted", "refused", "limited"):
    OPERATOR_SIGN_INS.labels(_result)

STORE_DOCUMENTS = Counter(
    "chat_store_documents_total",
    "Documents that the store read, wrote or deleted, as Firestore bills them.",
    ["operation", "kind"],
)
"""`operation`: the store's method; `kind`: read, write or delete."""

STORE_SECONDS = Histogram(
    "chat_store_seconds",
    "Calls to the store that were answered, one try each.",
    ["operation"],
    buckets=_HOPS,
)

STORE_UNAVAILABLE = Counter(
    "chat_store_unavailable_total",
    "Calls to the store that failed, were refused by the open breaker, or were left unanswered.",
    ["operation"],
)

STORE_BREAKER_OPEN = Gauge(
    "chat_store_breaker_open",
    "1 while calls to the store are refused at once because it did not answer lately.",
)

STORE_WRITES_REFUSED = Gauge(
    "chat_store_writes_refused",
    "1 while the store reads and takes no writes: its disk is full, or it is read-only.",
)

CLOCK_SKEW_SECONDS = Gauge(
    "chat_clock_skew_seconds",
    "By how much the clock of this machine is ahead of the store's.",
)

REDIS_FAILING = Gauge(
    "chat_redis_failing",
    "1 while Redis refuses or does not answer what is kept in it, by reason.",
    ["reason"],
)
"""`reason`: out_of_memory, read_only, not_permitted or unreachable."""

EPOCH_CHANGES = Counter(
    "chat_epoch_changes_total",
    "How often this process learned of a new epoch: the store was restored from a backup.",
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

for _path, _results in {
    "queue": ("sent", "dropped"),
    "direct": ("done", "again", "failed", "dropped"),
    "worker": ("done", "again", "failed"),
}.items():
    for _result in _results:
        NOTIFICATION_JOBS.labels(_path, _result)

PUSHES = Counter(
    "chat_pushes_total",
    "Pushes to devices, by what they were for and how they ended.",
    ["kind", "result"],
)

NOTIFICATION_DECISIONS = Counter(
    "chat_notification_decisions_total",
    "People who were, or were not, notified of a message, and why.",
    ["verdict", "reason"],
)
"""`reason`: as `GET …/delivery` tells it; of what failed, `failed`."""

NOTIFICATIONS_WAITING = Gauge(
    "chat_notifications_waiting",
    "Notification jobs that this process keeps until the queue has taken them.",
)

QUEUE_AWAY = Gauge(
    "chat_notification_queue_away",
    "1 while the queue does not answer; an instance then carries out its jobs directly.",
)

COMMIT_SECONDS = Histogram(
    "chat_commit_seconds",
    "From a request's act to the commit that has it, waiting for its turn included.",
    buckets=_HOPS,
)

PUBLISH_SECONDS = Histogram(
    "chat_publish_seconds", "From the turn of a publish to the answer of Redis.", buckets=_HOPS
)

TRANSIT_SECONDS = Histogram(
    "chat_transit_seconds",
    "From the publish on another instance to its arrival here, by the clocks of both.",
    buckets=_HOPS,
)

DELIVERY_SECONDS = Histogram(
    "chat_delivery_seconds",
    "From a commit until its events were handed to the sockets, by the clocks of both instances.",
    ["path"],
    buckets=_HOPS,
)
"""`path`: local, or link for what another instance committed."""

DELIVERY_LOCAL_SECONDS = DELIVERY_SECONDS.labels("local")
DELIVERY_LINK_SECONDS = DELIVERY_SECONDS.labels("link")

ACKNOWLEDGEMENT_SECONDS = Histogram(
    "chat_acknowledgement_seconds",
    "From handing a message to the sockets until a client acknowledged it, if within a minute.",
    buckets=_HOPS,
)

LINK_STATE = Gauge(
    "chat_link_state", "1 for the state of the link to the other instances, else 0.", ["state"]
)

LINK_LOST = Counter(
    "chat_link_lost_total", "Events that were not published because Redis did not answer."
)

LINK_REFUSED = Counter(
    "chat_link_refused_total",
    "Messages of other instances that were not taken, by reason.",
    ["reason"],
)
"""`reason`: one of `messaging.delivery.link.refused_messages.Reason`."""

LINK_VERSION = Gauge(
    "chat_link_version", "The version of the format in which this instance publishes."
)

POLLS = Counter(
    "chat_polls_total", "Looks at what changed in the store, made because events may be missing."
)

POLLED_CONVERSATIONS = Counter("chat_polled_conversations_total", "Conversations that polls found.")

GAPS = Counter(
    "chat_gaps_total", "Gaps seen in the versions of a conversation; most are closed by waiting."
)

GAP_SECONDS = Histogram(
    "chat_gap_seconds",
    "From seeing a gap until it was closed, by what came late or from the store.",
    buckets=_HOPS,
)

RESYNCS = Counter(
    "chat_resyncs_total", "Gaps too large to be replayed: clients were told to load again."
)

SOFT_EVENTS_DROPPED = Counter(
    "chat_soft_events_dropped_total",
    "Typing indicators and receipts that a slow client was not told of.",
    ["reason"],
)
"""`reason`: replaced by a later one of its kind, or overflow."""

for _reason in ("replaced", "overflow"):
    SOFT_EVENTS_DROPPED.labels(_reason)

SLOW_SOCKETS_CLOSED = Counter(
    "chat_slow_sockets_closed_total",
    "Sockets that were closed because more waited for them than is kept.",
)
