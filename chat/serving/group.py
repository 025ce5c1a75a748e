"""A group of instances behind one port, and the signals that its parent obeys.

The parent owns the listening socket and accepts nothing itself. All processes accept from this
socket, so the port stays open while one of them restarts.

SIGHUP replaces the processes one by one: each leaves the port to the others, drains, and its
successor is ready before the next one leaves. SIGTERM and SIGINT end the group: all processes drain
at once, so that the end takes no longer than that of one instance, and none sends its clients to
another one that is about to end. A second such signal ends them without the drain.
"""

import asyncio
import signal
import socket
from collections.abc import Sequence

import structlog

from chat.serving.addresses import url_of
from chat.serving.place import Place, Post
from chat.serving.systemd import READY, STOPPING, notify

logger = structlog.get_logger(__name__)


class Group:
    """Call `run` once."""

    def __init__(self, listening: socket.socket, posts: Sequence[Post]) -> None:
        self._listening = listening
        self._places = [Place(listening, post) for post in posts]
        self._roll = asyncio.Event()
        self._end = asyncio.Event()

    async def run(self) -> bool:
        """Run the processes until a signal ends them. Return False if one of them did not become
        ready when the group started: a setting is wrong, or a port is taken."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._roll.set)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_end, number)
        keeping = [asyncio.create_task(place.keep()) for place in self._places]
        rolling = asyncio.create_task(self._start_and_roll())
        ending = asyncio.create_task(self._end.wait())
        await asyncio.wait((rolling, ending, *keeping), return_when=asyncio.FIRST_COMPLETED)
        failed = rolling.done()
        for task in (rolling, ending, *keeping):
            task.cancel()
        results = await asyncio.gather(rolling, ending, *keeping, return_exceptions=True)
        self._listening.close()  # the processes have it open until they end
        await asyncio.gather(*(place.stop() for place in self._places))
        logger.info("group.stopped")
        for result in results:
            if isinstance(result, Exception):
                raise result
        return not failed

    def _on_end(self, number: signal.Signals) -> None:
        if self._end.is_set():
            for place in self._places:
                place.insist()
            return
        logger.info("group.signal", signal=number.name)
        notify(STOPPING)
        self._end.set()

    async def _start_and_roll(self) -> None:
        """Return if the group cannot start. Otherwise replace the processes at each SIGHUP."""
        if not all(await asyncio.gather(*(place.first_ready() for place in self._places))):
            logger.error("group.start_failed", hint="The lines before this one have the reason.")
            return
        host, port = self._listening.getsockname()[:2]
        logger.info("group.ready", address=url_of(host, port), processes=len(self._places))
        notify(READY)
        while True:
            await self._roll.wait()
            self._roll.clear()
            await self._replace_all()

    async def _replace_all(self) -> None:
        logger.info("group.rolling")
        for place in self._places:
            if not await place.replace():
                logger.error(
                    "group.roll_stopped",
                    hint="The new process did not become ready. The others run on as they are.",
                )
                return
        logger.info("group.rolled")
