"""Which addresses a webhook may reach."""

from ipaddress import ip_address, ip_network

import pytest

from messaging.outbound.addresses import is_permitted, parse_networks
from messaging.outbound.urls import refusal

METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "169.254.0.23",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fd00:42::42",
    "fd00:a9fe:a9fe::1",
    "fd00:100::100:200",
    "fe80::a9fe:a9fe%1",
    "64:ff9b:1::169.254.169.254",
    "64:ff9b:1:a9fe:a9:fe00::",
    "64:ff9b:1:a9:fe:a9fe::",
    "64:ff9b:1:0:a9:fea9:fe00:0",
    "::ffff:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::1",
    "::169.254.169.254",
    "::ffff:0:169.254.169.254",
]
FORBIDDEN = [
    *METADATA,
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b:1::1",
    "2002:7f00:1::1",
    "2002:0a00:0001::1",
    "2001:0:7f00:1::1",
    "2606:4700:0:0:0:5efe:10.0.0.1",
    "2606:4700:0:0:200:5efe:127.0.0.1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "100::1",
]
PUBLIC = ["93.184.215.14", "172.32.0.1", "2606:4700::1", "::ffff:93.184.215.14", "64:ff9b::8.8.8.8"]
EVERYTHING = (ip_network("0.0.0.0/0"), ip_network("::/0"))


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_not_public(address: str) -> None:
    """Private, loopback, link-local, reserved and metadata addresses, and IPv6 addresses that embed
    one, are refused."""
    assert not is_permitted(ip_address(address), ())


@pytest.mark.parametrize("address", METADATA)
def test_metadata_of_a_cloud(address: str) -> None:
    """No setting admits the metadata service of a cloud."""
    assert not is_permitted(ip_address(address), EVERYTHING)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address(address: str) -> None:
    assert is_permitted(ip_address(address), ())
    assert not is_permitted(ip_address(address), (), only_listed=True)


def test_a_listed_network() -> None:
    """Listed networks are admitted, in each form of their addresses, and nothing beside them."""
    listed = parse_networks(["10.1.0.0/16", "fd12:3456::/32", "64:ff9b:1::/96"])
    assert is_permitted(ip_address("10.1.2.3"), listed, only_listed=True)
    assert is_permitted(ip_address("::ffff:10.1.2.3"), listed, only_listed=True)
    assert is_permitted(ip_address("fd12:3456::1"), listed, only_listed=True)
    assert is_permitted(ip_address("64:ff9b:1::10.2.0.1"), listed)
    assert not is_permitted(ip_address("10.2.0.1"), listed)
    assert not is_permitted(ip_address("64:ff9b::10.2.0.1"), listed)


@pytest.mark.parametrize("network", ["10.1.0.1/16", "10.1/16", "chat", "10.0.0.0/33"])
def test_a_wrong_network(network: str) -> None:
    with pytest.raises(ValueError, match=r"is not a network"):
        parse_networks([network])


@pytest.mark.parametrize(
    "url",
    [
        "ftp://app.example/",
        "//app.example/",
        "app.example",
        "https://",
        "https://user:secret@app.example/",
        "https://app.example/#part",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "http://93.184.215.14/",
        "https://app.example:port/",
        "https://app.example:0/",
        "https://app.example:65536/",
        "https://app.example:-1/",
        "https://app.example\u200b:-1/",
        "https://.app.example/",
        "https://app..example/",
        "https://app example/",
        "https://a%00b/",
        "https://xn--\u00e9/",
        "https://" + 64 * "a" + ".example/",
        "https://[fe80::1%25\u00e9]/",
        "https://app.example/" + 500 * "x",
    ],
)
def test_a_refused_url(url: str) -> None:
    """The admin refuses a URL that can never be reached, and says why."""
    assert refusal(url, ())


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example/hooks?a=b",
        "https://bücher.example:8443",
        "https://xn--a/",
        "https://my_service.app.example.:65535/",
    ],
)
def test_a_url(url: str) -> None:
    assert refusal(url, ()) is None


def test_plain_http_to_a_listed_network() -> None:
    assert refusal("http://10.1.2.3:8000/", parse_networks(["10.1.0.0/16"])) is None
