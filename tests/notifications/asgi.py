"""The application with FCM on the loopback address."""

from config.asgi import application
from tests.notifications.fcm_server import redirect_from_environment

__all__ = ["application"]

redirect_from_environment()
