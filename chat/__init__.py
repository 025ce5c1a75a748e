"""The door: REST and WebSocket. It acts through `messaging.services`."""
