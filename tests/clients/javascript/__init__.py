"""The package `chat-client` of clients/javascript, with Node."""
