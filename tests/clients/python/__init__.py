"""The package `chat-client` for Python, on real servers."""
