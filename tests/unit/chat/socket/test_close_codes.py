"""Close codes and what they say."""

import pytest

from chat.socket.close_codes import CloseCode, close_message


@pytest.mark.parametrize("code", set(CloseCode) - {CloseCode.LOST})
def test_every_close_frame_has_a_reason_that_fits(code: CloseCode) -> None:
    """RFC 6455 5.5 leaves 123 bytes beside the code."""
    message = close_message(code)

    assert message["code"] == code
    assert 0 < len(message["reason"].encode()) <= 123
