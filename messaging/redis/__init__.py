"""Redis: the client, its hosts, rate limits, and untrusted values."""

from messaging.optional_libraries import hidden

# The traces of redis-py and its check of OCSP; the encryption of channels_redis.
with hidden("opentelemetry", "cryptography"):
    import channels_redis.serializers  # noqa: F401
    import redis.asyncio  # noqa: F401
