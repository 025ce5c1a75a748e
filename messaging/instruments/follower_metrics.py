"""Define the metrics of followers and of search, as `messaging.instruments.metrics` does."""

from prometheus_client import Counter, Gauge, Histogram

INDEX_BREAKER_OPEN = Gauge(
    "chat_index_breaker_open",
    "1 while the tables of followers and search in DATABASE_URL did not answer recently.",
)

INDEX_WRITES_REFUSED = Gauge(
    "chat_index_writes_refused",
    "1 while DATABASE_URL refuses the writes of followers: a full disk, or read-only.",
)

FOLLOWER_BEHIND_SECONDS = Gauge(
    "chat_follower_behind_seconds",
    "How long the oldest change that a follower has not handled has waited.",
    ["follower"],
)

FOLLOWER_CHANGES = Counter(
    "chat_follower_changes_total",
    "Changes that a follower has handled, by where they came from: memory or store.",
    ["follower", "source"],
)

FOLLOWER_FAILURES = Counter(
    "chat_follower_failures_total",
    "Attempts of a follower that failed. The changes come again.",
    ["follower"],
)

FOLLOWERS_SWEPT = Counter(
    "chat_followers_swept_total",
    "Conversations ahead of a checkpoint that the sweep found, whose process ended or fell behind.",
)

SEARCH_SECONDS = Histogram(
    "chat_search_seconds",
    "Searches of the index, by result: ok, or refused by its time limit or its queue.",
    ["result"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
for _result in ("ok", "slow"):
    SEARCH_SECONDS.labels(_result)
