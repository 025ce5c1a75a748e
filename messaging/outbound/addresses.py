"""The addresses to which this product may connect for operators, and those to which it never may.

An operator, or a person who has stolen an operator's session, must not reach the services beside
this process: databases, admin pages, and the metadata service of a cloud, which hands out
credentials.

https://www.iana.org/assignments/iana-ipv4-special-registry
https://www.iana.org/assignments/iana-ipv6-special-registry
"""

from collections.abc import Iterator, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


_NEVER = _networks(
    "169.254.0.0/16",  # link-local: the metadata of AWS, Azure, Google, Oracle, OpenStack, Tencent
    "100.100.100.200/32",  # the metadata of Alibaba
    "168.63.129.16/32",  # Azure's host agent, a public address
    "192.0.0.192/32",  # the metadata of Oracle, first generation
    "fd00:ec2::/32",  # the metadata and credentials of AWS
    "fd20:ce::254/128",  # the metadata of Google
    "fd00:c1::a9fe:a9fe/128",  # the metadata of Oracle
    "fd00:42::42/128",  # the metadata of Scaleway
    "fd00:a9fe:a9fe::1/128",  # the metadata of Akamai
    "fd00:100::100:200/128",  # the metadata of Alibaba
    "fe80::a9fe:a9fe/128",  # the metadata of OpenStack
)
"""Metadata services of clouds. No setting admits them."""

_NOT_PUBLIC = _networks(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",  # unspecified, loopback, and the deprecated IPv4-compatible addresses
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
)
"""`ipaddress` knows most of them, but the releases of Python differ."""

_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
"""https://www.rfc-editor.org/rfc/rfc8215"""
_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
"""https://www.rfc-editor.org/rfc/rfc2765#section-2.1"""
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
"""https://www.rfc-editor.org/rfc/rfc5214#section-6.1"""


def is_permitted(address: Address, listed: Sequence[Network], *, only_listed: bool = False) -> bool:
    """Return whether a connection to this address may be made: the address is public, or the
    operator has listed its network. With `only_listed`, a public address is not enough.

    An IPv6 address that embeds an IPv4 address reaches that one, so both must be permitted.
    """
    named = without_scope(address)
    plain = named.ipv4_mapped if isinstance(named, IPv6Address) else None
    reached = [plain or named, *embedded(plain or named)]
    if any(one in network for one in (*reached, *_translated(named)) for network in _NEVER):
        return False
    if only_listed:
        return any(reached[0] in network for network in listed)
    return all(_is_public(one) or any(one in network for network in listed) for one in reached)


def without_scope(address: Address) -> Address:
    """Return an address without the zone of a link-local address, which no network contains."""
    return IPv6Address(int(address)) if isinstance(address, IPv6Address) else address


def embedded(address: Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that an IPv6 address embeds, by any of the transition
    mechanisms."""
    if isinstance(address, IPv4Address):
        return
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    low = IPv4Address(int(address) & 0xFFFF_FFFF)
    if any(address in network for network in (_NAT64, _COMPATIBLE, _TRANSLATED)):
        yield low
    if (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP:
        yield low


def _translated(address: Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that a network's own translator may read in an address. Only this
    network knows the length of its prefix: 48, 56, 64 or 96 bits.

    https://www.rfc-editor.org/rfc/rfc6052#section-2.2
    """
    if isinstance(address, IPv4Address) or address not in _LOCAL_NAT64:
        return
    number = int(address)
    without_unused = (number >> 64 & 0xFFFF) << 56 | number & 0x00FF_FFFF_FFFF_FFFF
    for behind in (40, 32, 24):
        yield IPv4Address(without_unused >> behind & 0xFFFF_FFFF)
    yield IPv4Address(number & 0xFFFF_FFFF)


def _is_public(address: Address) -> bool:
    return address.is_global and not any(address in network for network in _NOT_PUBLIC)


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks of the setting `CHAT_OUTBOUND_ALLOWED_NETWORKS`. Raises ValueError, with
    a sentence, for a text that is not a network."""
    return tuple(_network(text) for text in texts)


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a network: {error}.") from None


def as_address(text: str) -> Address | None:
    """Return the address that a text writes in its usual form, or None."""
    try:
        return ip_address(text)
    except ValueError:
        return None
