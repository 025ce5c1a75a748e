"""Define the metrics of this process, named by Prometheus' conventions.

`/metrics` serves them, and docs/metrics.md explains them. A counter with known label values has all
of its series from the start: `increase()` of a series that begins with its first failure is 0.

https://prometheus.io/docs/practices/naming/
https://prometheus.io/docs/practices/instrumentation/#avoid-missing-metrics
"""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

# They are a third of all series, and tell only when this process started.
disable_created_metrics()  # type: ignore[no-untyped-call]

_HOPS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

HTTP_REQUEST_SECONDS = Histogram(
    "chat_http_request_seconds",
    "From an API request until its answer is ready, by route and not by path.",
    ["method", "route", "status"],
    buckets=_HOPS,
)

REFUSALS = Counter(
    "chat_refusals_total",
    "Requests and commands that got an error, by door and code.",
    ["door", "code"],
)
"""`door`: rest or socket; `code`: the code of the answer. Every pair starts at 0 (`chat.errors`),
so that `increase()` shows the first one."""

LOG_LINES_SUPPRESSED = Counter(
    "chat_log_lines_suppressed_total",
    "Log lines of refusals, warnings and errors that were not written because of their number.",
)

CACHE_BYTES = Gauge(
    "chat_cache_bytes", "Approximate bytes that a cache or queue of this process holds.", ["cache"]
)

CACHE_LIMIT_BYTES = Gauge(
    "chat_cache_limit_bytes", "The most bytes that a cache or queue may hold.", ["cache"]
)

SOCKETS = Gauge("chat_sockets", "WebSockets that are open on this instance.")

MESSAGES = Counter("chat_messages_total", "Messages committed by this instance.")

DELIVERIES = Counter(
    "chat_deliveries_total", "Durable events passed to sockets, counted once per socket."
)

COMMAND_SECONDS = Histogram(
    "chat_command_seconds",
    "From the start of a command until its answer is ready.",
    ["command", "code"],
    buckets=_HOPS,
)
"""`code`: ok, or the code of the error."""

SOCKETS_REFUSED = Counter(
    "chat_sockets_refused_total",
    "Sockets closed for their frames before the application saw them, by reason.",
    ["reason"],
)
for _reason in ("too_many_frames", "too_large", "unreadable"):
    SOCKETS_REFUSED.labels(_reason)

CONNECTIONS_REFUSED = Counter(
    "chat_connections_refused_total",
    "HTTP connections closed for what their clients sent, or did not read, by reason.",
    ["reason"],
)
for _reason in (
    *("head_too_large", "head_too_slow", "body_too_large", "body_too_slow", "too_many", "unread"),
):
    CONNECTIONS_REFUSED.labels(_reason)

OPERATOR_SIGN_INS = Counter(
    "chat_operator_sign_ins_total",
    "Attempts to sign in to the admin, by result.",
    ["result"],
)
"""`result`: accepted, refused, or limited (the password was not checked)."""

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
    "Calls that the store answered; each attempt counts separately.",
    ["operation"],
    buckets=_HOPS,
)

STORE_UNAVAILABLE = Counter(
    "chat_store_unavailable_total",
    "Calls that failed, got no answer, or were refused by the open circuit breaker.",
    ["operation"],
)

STORE_BREAKER_OPEN = Gauge(
    "chat_store_breaker_open",
    "1 while calls to the store fail at once because it did not answer recently.",
)

STORE_WRITES_REFUSED = Gauge(
    "chat_store_writes_refused",
    "1 while the store answers reads but refuses writes: a full disk, or read-only.",
)

CLOCK_SKEW_SECONDS = Gauge(
    "chat_clock_skew_seconds",
    "How far the clock of this machine is ahead of the store's.",
)

REDIS_FAILING = Gauge(
    "chat_redis_failing",
    "1 while Redis refuses to store or return data, or does not answer, by reason.",
    ["reason"],
)
"""`reason`: out_of_memory, read_only, not_permitted or unreachable."""

EPOCH_CHANGES = Counter(
    "chat_epoch_changes_total",
    "New epochs that this process has seen: the store was restored from a backup.",
)

STORE_MOVE_PHASE = Gauge(
    "chat_store_move_phase",
    "1 for the present phase of the move of the store, as this process knows it, else 0.",
    ["phase"],
)
"""`phase`: idle, following or freezing."""

STORE_SWITCHES = Counter(
    "chat_store_switches_total",
    "How often this process has taken another kind of store into use.",
)

COMMIT_CONFLICTS = Counter(
    "chat_commit_conflicts_total",
    "Commits that were evaluated again because another instance committed first.",
)

NOTIFICATION_JOBS = Counter(
    "chat_notification_jobs_total",
    "Notification jobs, by their path and their result.",
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
    "Pushes to devices, by their kind and their result.",
    ["kind", "result"],
)

NOTIFICATION_DECISIONS = Counter(
    "chat_notification_decisions_total",
    "People who got a push for a message, or did not, and why.",
    ["verdict", "reason"],
)
"""`reason`: as in `GET …/delivery`; `failed` for a failed push."""

NOTIFICATIONS_WAITING = Gauge(
    "chat_notifications_waiting",
    "Notification jobs that this process holds until the queue accepts them.",
)

QUEUE_AWAY = Gauge(
    "chat_notification_queue_away",
    "1 while the queue does not answer; an instance then carries out its jobs itself.",
)

COMMIT_SECONDS = Histogram(
    "chat_commit_seconds",
    "From a change until the commit that contains it, with the time in the queue.",
    buckets=_HOPS,
)

PUBLISH_SECONDS = Histogram(
    "chat_publish_seconds", "From the start of a publish until the answer of Redis.", buckets=_HOPS
)

TRANSIT_SECONDS = Histogram(
    "chat_transit_seconds",
    "From a publish on another instance until its arrival here, by both clocks.",
    buckets=_HOPS,
)

DELIVERY_SECONDS = Histogram(
    "chat_delivery_seconds",
    "From a commit until its events are passed to the sockets, by both instances' clocks.",
    ["path"],
    buckets=_HOPS,
)
"""`path`: local, or link for commits of another instance."""

DELIVERY_LOCAL_SECONDS = DELIVERY_SECONDS.labels("local")
DELIVERY_LINK_SECONDS = DELIVERY_SECONDS.labels("link")

ACKNOWLEDGEMENT_SECONDS = Histogram(
    "chat_acknowledgement_seconds",
    "From passing a message to the sockets until its acknowledgement, within a minute.",
    buckets=_HOPS,
)

LINK_STATE = Gauge(
    "chat_link_state", "1 for the present state of the link to other instances, else 0.", ["state"]
)

LINK_ADDRESS_UP = Gauge(
    "chat_link_address_up",
    "1 while events arrive through this Redis address, else 0.",
    ["address"],
)
"""`address`: an entry of REDIS_URL without user, password and options."""

LINK_LOST = Counter(
    "chat_link_lost_total", "Events that were not published because Redis did not answer."
)

LINK_REFUSED = Counter(
    "chat_link_refused_total",
    "Messages on Redis that were refused, by reason.",
    ["reason"],
)
"""`reason`: one of `messaging.delivery.link.refused_messages.Reason`."""

LINK_VERSION = Gauge(
    "chat_link_version", "The version of the format in which this instance publishes."
)

POLLS = Counter(
    "chat_polls_total", "Reads of the changes in the store, made because events may be missing."
)

POLLED_CONVERSATIONS = Counter("chat_polled_conversations_total", "Conversations that polls found.")

GAPS = Counter(
    "chat_gaps_total", "Gaps in the versions of a conversation; most close by themselves."
)

GAP_SECONDS = Histogram(
    "chat_gap_seconds",
    "From detecting a gap until it is closed, by a late event or from the store.",
    buckets=_HOPS,
)

RESYNCS = Counter("chat_resyncs_total", "Gaps too large to backfill; the clients load again.")

SOFT_EVENTS_DROPPED = Counter(
    "chat_soft_events_dropped_total",
    "Typing indicators and receipts that were dropped for a slow client.",
    ["reason"],
)
"""`reason`: replaced by a later one of its kind, or overflow."""

for _reason in ("replaced", "overflow"):
    SOFT_EVENTS_DROPPED.labels(_reason)

SLOW_SOCKETS_CLOSED = Counter(
    "chat_slow_sockets_closed_total",
    "Sockets that were closed because their outbox was full.",
)

FILES_UNAVAILABLE = Counter(
    "chat_files_unavailable_total",
    "Calls of the storage of files, or of the scanner, that failed or got no answer.",
    ["operation"],
)
for _operation in (
    *("sign_upload", "sign_downloads", "fetch", "put", "delete", "tidy", "probe"),
    *("receive", "send", "scan"),
):
    FILES_UNAVAILABLE.labels(_operation)

FILE_CHECKS = Counter(
    "chat_file_checks_total",
    "Uploaded files that were checked, by result: ready, or the code of the refusal.",
    ["result"],
)
for _result in (
    *("ready", "not_uploaded", "size_mismatch", "type_mismatch", "infected", "unreadable_image"),
):
    FILE_CHECKS.labels(_result)

FILE_CHECK_SECONDS = Histogram(
    "chat_file_check_seconds",
    "From the start of a file's check until it is stored, without the time in the queue.",
    buckets=_HOPS,
)

FILE_CHECKS_WAITING = Gauge(
    "chat_file_checks_waiting", "Uploaded files that wait for their check or are being checked."
)

FILES_SWEPT = Counter(
    "chat_files_swept_total",
    "Attachments whose files the sweep removed, by reason.",
    ["reason"],
)
for _reason in ("deleted", "unsent"):
    FILES_SWEPT.labels(_reason)
