"""A serializer for the channel layer that leaves messages unchanged.

channels_redis decodes within `receive`. There, foreign bytes raise an error that cannot be
distinguished from a lost connection. With this serializer the link encodes and decodes messages
itself (`messaging.delivery.link.encoding`).
"""

from collections.abc import Mapping
from typing import Any

from channels_redis.serializers import registry

FORMAT = "raw"


class RawSerializer:
    def __init__(self, symmetric_encryption_keys: Any = None) -> None:
        """Accept the arguments of channels_redis, and ignore them."""

    def serialize(self, message: Mapping[str, bytes]) -> bytes:
        return message["data"]

    def deserialize(self, message: bytes) -> Mapping[str, bytes]:
        return {"data": message}


registry.register_serializer(FORMAT, RawSerializer)
