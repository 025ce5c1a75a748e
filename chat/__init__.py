"""The door: REST, WebSocket and admin. It acts through `messaging.services`."""
