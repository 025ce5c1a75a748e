"""Frames as the server writes them past uvicorn."""

import pytest
from websockets.frames import Frame, Opcode

from config.servers.uvicorn_socket import text_frame


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_text_frame_is_that_of_websockets(length: int) -> None:
    """With each form of the length."""
    payload = b"x" * length

    assert text_frame(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)
