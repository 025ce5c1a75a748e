"""The Django app of REST, WebSocket and the admin."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = "Chat"

    def ready(self) -> None:
        from chat import checks, tracing_check  # noqa: F401, PLC0415 - they register themselves
