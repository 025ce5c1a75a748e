"""The Django app of the core."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = "Messaging"

    def ready(self) -> None:
        from messaging.notifications import receivers  # noqa: PLC0415 - needs the app registry

        receivers.connect()
