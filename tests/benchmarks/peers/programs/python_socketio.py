"""python-socketio on uvicorn, with Redis between instances."""

import os
from typing import Any
from urllib.parse import parse_qs

import socketio
from events import fan, reply, typing

sio = socketio.AsyncServer(
    async_mode="asgi",
    client_manager=socketio.AsyncRedisManager(os.environ["REDIS_URL"]),
    transports=["websocket"],
    always_connect=True,  # the hello of `connect` follows the answer to the connect packet
)
application = socketio.ASGIApp(sio)


@sio.event
async def connect(sid: str, environ: dict[str, Any]) -> None:
    room = parse_qs(environ["QUERY_STRING"])["conversation"][0]
    await sio.enter_room(sid, room)
    await sio.emit("hello", {"type": "hello"}, to=sid)


@sio.on("fan")
async def on_fan(sid: str, command: dict[str, Any]) -> None:
    for event in fan(command):
        await sio.emit("message", event, room=command["to"])


@sio.on("ping")
async def on_ping(sid: str, command: dict[str, Any]) -> None:
    await sio.emit("reply", reply(command), to=sid)


@sio.on("typing")
async def on_typing(sid: str, command: dict[str, Any]) -> None:
    await sio.emit("typing", typing(command), room=command["to"], skip_sid=sid)
    await sio.emit("reply", reply(command), to=sid)
