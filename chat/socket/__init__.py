"""The WebSocket: connection, commands, frames, outbox, and close codes."""
