"""The link to the other instances, as the settings describe it."""

from collections.abc import Mapping
from typing import Any

from channels.layers import DEFAULT_CHANNEL_LAYER, channel_layers
from django.conf import settings
from django.utils.module_loading import import_string

from messaging.delivery.hub.hub import Hub
from messaging.delivery.hub.revocation import AccessList
from messaging.delivery.link.encoding import VERSION
from messaging.delivery.link.instances.watch import PeerListener
from messaging.delivery.link.link import Link
from messaging.delivery.link.links import AnyLink, Links
from messaging.delivery.link.polling import MissedEvents, Polling
from messaging.delivery.link.signing import Mode, Signing
from messaging.redis.beats import Beating, Beats
from messaging.redis.client import make_redis
from messaging.redis.hosts import Host, address_of, digest_of
from messaging.redis.subscriber import Subscriber


def configured_link(
    *, hub: Hub, polling: Polling, access: AccessList, boot_id: str, listener: PeerListener
) -> AnyLink | None:
    """Return a link that is attached to the hub; None without Redis."""
    if settings.REDIS is None:
        return None
    hosts = [settings.REDIS, *settings.MORE_REDIS]
    own = Beating(reads=VERSION, addresses=digest_of(hosts))

    def make(number: int, polling: MissedEvents, listener: PeerListener) -> Link:
        host = hosts[number]
        return Link(
            receiving=Subscriber(host, prefix=_prefix(), on_gap=hub.forget_copies),
            publishing=_layer(host),
            hub=hub,
            polling=polling,
            access=access,
            boot_id=boot_id,
            listener=listener,
            signing=Signing(Mode(settings.CHAT_LINK_SIGNATURES), settings.CHAT_LINK_KEYS),
            beats=Beats(make_redis(host), boot_id=boot_id, own=own),
            max_beacons=settings.CHAT_MAX_BEACONS,
            address=address_of(host),
        )

    link: AnyLink
    if len(hosts) == 1:
        link = make(0, polling, listener)
    else:
        link = Links(make, count=len(hosts), polling=polling, listener=listener)
    hub.attach(link)
    return link


def _layer(host: Host) -> Any:
    """Return a channel layer for one address alone, otherwise as configured. channels_redis itself
    would wait for a hanging address before it publishes to another."""
    if not settings.MORE_REDIS:
        return channel_layers.make_backend(DEFAULT_CHANNEL_LAYER)
    layer = _configured_layer()
    return import_string(layer["BACKEND"])(**{**layer.get("CONFIG", {}), "hosts": [host]})


def _prefix() -> str:
    """Return what the names of the groups in Redis begin with."""
    return str(_configured_layer().get("CONFIG", {}).get("prefix", "asgi"))


def _configured_layer() -> Mapping[str, Any]:
    layer: Mapping[str, Any] = settings.CHANNEL_LAYERS[DEFAULT_CHANNEL_LAYER]
    return layer
