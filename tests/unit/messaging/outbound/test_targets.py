"""Where a request goes, as its URL says."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from messaging.outbound.failures import Failure, OutboundFailed
from messaging.outbound.targets import target_of
from messaging.outbound.urls import refusal

PARTS = st.one_of(
    st.sampled_from([*"/.:@%[]?#\\", "xn--", "127.0.0.1", "::1", "%25", "%0d%0a", "99999", "0x7f"]),
    st.text(max_size=3),
)
URLS = st.builds("{}://{}".format, st.sampled_from(["http", "https"]), st.lists(PARTS).map("".join))


@given(URLS)
@example("https://app.example:65536/")
@example("https://xn--a/")
@example("https://[fe80::1%25\u00e9]/")
def test_any_text(url: str) -> None:
    """A text either has a target, whose every part is printable ASCII, or it is refused. The admin
    refuses what has none."""
    told = refusal(url, ())
    with suppress(OutboundFailed):
        target = target_of(url)
        written = f"{target.host}{target.netloc}{target.path}"
        assert written.isascii()
        assert written.isprintable()
        assert " " not in written
        assert 0 < target.port <= 65_535
        return
    assert told


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example:65536/",
        "https://app.example:-1/",
        "https://app.example:0/",
        "https://[fe80::1%25lo]/",
        "https://[fe80::1%25\u00e9]/",
        "https://.app.example/",
        "https://a%0d%0ab/",
        "https://a b/",
    ],
)
def test_a_url_that_leads_nowhere(url: str) -> None:
    """It is refused as a request is, not as a fault of ours."""
    with pytest.raises(OutboundFailed) as caught:
        target_of(url)
    assert caught.value.failure is Failure.ADDRESS_REFUSED
