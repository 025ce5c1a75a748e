"""A serializer for the channel layer that leaves messages as they are.

channels_redis decodes within `receive`, where bytes of somebody else raise what cannot be told
from a lost connection. With this one the link reads and writes the bytes itself
(`messaging.delivery.link.encoding`).
"""

from collections.abc import Mapping
from typing import Any

from channels_redis.serializers import registry

FORMAT = "raw"


class RawSerializer:
    def __init__(self, symmetric_encryption_keys: Any = None) -> None:
        """As channels_redis makes it."""

    def serialize(self, message: Mapping[str, bytes]) -> bytes:
        return message["data"]

    def deserialize(self, message: bytes) -> Mapping[str, bytes]:
        return {"data": message}


registry.register_serializer(FORMAT, RawSerializer)
