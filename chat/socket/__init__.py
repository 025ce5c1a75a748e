"""The WebSocket: connection, commands, frames, outbox, close codes, and its AsyncAPI document."""
