"""One conversation as the client knows it: pure, without input or output."""
