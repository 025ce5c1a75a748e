"""picows: WebSocket in Cython on uvloop, one process, no Redis."""

import json
import sys
from collections import defaultdict

import uvloop
from events import HELLO, encoded, fan, reply, room_of, typing
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

rooms: dict[str, set[WSTransport]] = defaultdict(set)


class Chat(WSListener):
    def __init__(self, room: str) -> None:
        self._room = room

    def on_ws_connected(self, transport: WSTransport) -> None:
        rooms[self._room].add(transport)
        transport.send(WSMsgType.TEXT, HELLO.encode())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        rooms[self._room].discard(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
            return
        if frame.msg_type != WSMsgType.TEXT:
            return
        command = json.loads(frame.get_payload_as_memoryview().tobytes())
        if command["do"] == "fan":
            for event in fan(command):
                _send_to(command["to"], encoded(event).encode())
            return
        if command["do"] == "typing":
            _send_to(command["to"], encoded(typing(command)).encode())
        transport.send(WSMsgType.TEXT, encoded(reply(command)).encode())


def _send_to(room: str, payload: bytes) -> None:
    for member in rooms[room]:
        member.send(WSMsgType.TEXT, payload)


def _listener(request: WSUpgradeRequest) -> WSListener:
    return Chat(room_of(request.path.decode()))


async def main() -> None:
    server = await ws_create_server(_listener, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
