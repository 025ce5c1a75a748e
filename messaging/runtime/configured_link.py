"""The link to the other instances, as the settings describe it."""

from channels.layers import DEFAULT_CHANNEL_LAYER, channel_layers
from django.conf import settings

from messaging.delivery.hub.hub import Hub
from messaging.delivery.hub.revocation import AccessList
from messaging.delivery.link.link import Link, PeerListener
from messaging.delivery.link.polling import Polling
from messaging.delivery.link.signing import Mode, Signing


def configured_link(
    *, hub: Hub, polling: Polling, access: AccessList, boot_id: str, listener: PeerListener
) -> Link | None:
    """Return a link that is attached to the hub; None without Redis."""
    if settings.REDIS is None:
        return None
    link = Link(
        # Two layers of the same kind: one receives, one publishes.
        receiving=channel_layers.make_backend(DEFAULT_CHANNEL_LAYER),
        publishing=channel_layers.make_backend(DEFAULT_CHANNEL_LAYER),
        hub=hub,
        polling=polling,
        access=access,
        boot_id=boot_id,
        listener=listener,
        signing=Signing(Mode(settings.CHAT_LINK_SIGNATURES), settings.CHAT_LINK_KEYS),
    )
    hub.attach(link)
    return link
