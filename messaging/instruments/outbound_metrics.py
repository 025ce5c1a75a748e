"""The metrics of moderation and of webhooks: what the URLs of operators answer. docs/metrics.md
explains them."""

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)

MODERATED = Counter(
    "chat_moderated_total",
    "Texts that moderation judged before they were stored, by verdict.",
    ["verdict"],
)
"""`verdict`: allow, flag, refuse, replace, or unanswered (the operator's choice applied)."""
for _verdict in ("allow", "flag", "refuse", "replace", "unanswered"):
    MODERATED.labels(_verdict)

MODERATION_HOOK_SECONDS = Histogram(
    "chat_moderation_hook_seconds",
    "From a question to the moderation hook until its verdict.",
    buckets=_BUCKETS,
)

MODERATION_HOOK_OPEN = Gauge(
    "chat_moderation_hook_open",
    "1 while the moderation hook is not asked because it did not answer recently.",
)

WEBHOOKS_SENT = Counter(
    "chat_webhooks_total",
    "Requests to webhook endpoints, by result.",
    ["result"],
)
"""`result`: delivered, failed, or passed_over (it failed for a day)."""
for _result in ("delivered", "failed", "passed_over"):
    WEBHOOKS_SENT.labels(_result)

WEBHOOK_SECONDS = Histogram(
    "chat_webhook_seconds",
    "From a request to a webhook endpoint until its answer, or its failure.",
    buckets=_BUCKETS,
)

WEBHOOKS_WAITING = Gauge(
    "chat_webhooks_waiting", "Events for webhook endpoints that failed and are tried again."
)

JOB_FAILURES = Counter(
    "chat_job_failures_total",
    "Attempts of exports and erasures of people that failed, by kind.",
    ["kind"],
)
"""`kind`: erase or export."""
for _kind in ("erase", "export"):
    JOB_FAILURES.labels(_kind)

WEBHOOK_ENDPOINTS_OFF = Gauge(
    "chat_webhook_endpoints_off", "Webhook endpoints that were switched off because they failed."
)
