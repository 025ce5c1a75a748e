"""The path of the socket."""

from django.urls import path, re_path

from chat.socket.consumers import ChatConsumer
from chat.socket.no_such_path import NoSuchPath

websocket_urlpatterns = [
    path("ws/v1", ChatConsumer.as_asgi()),
    re_path(r"", NoSuchPath.as_asgi()),
]
