"""The one path of the socket."""

from django.urls import path, re_path

from chat.no_such_path import NoSuchPath
from chat.socket.consumers import ChatConsumer

websocket_urlpatterns = [
    path("ws/v1", ChatConsumer.as_asgi()),
    re_path(r"", NoSuchPath.as_asgi()),
]
