"""`manage.py serve` that counts what its event loop executes.

SIGUSR1 starts to count. SIGUSR2 stops, and appends a line of JSON to the file in COUNTS_FILE: the
bytecode instructions and the calls of C functions of the main thread.
"""

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management import execute_from_command_line


class Counter:
    def __init__(self) -> None:
        self._instructions = self._calls = 0

    def start(self, *_: object) -> None:
        self._instructions = self._calls = 0
        sys.setprofile(self._profile)
        sys.settrace(self._enter)

    def stop(self, *_: object) -> None:
        sys.settrace(None)
        sys.setprofile(None)
        counts = {"instructions": self._instructions, "calls": self._calls}
        with Path(os.environ["COUNTS_FILE"]).open("a") as file:
            file.write(json.dumps(counts) + "\n")

    def _enter(self, frame: FrameType, event: str, _: object) -> Any:
        frame.f_trace_lines = False
        frame.f_trace_opcodes = True
        return self._step

    def _step(self, frame: FrameType, event: str, _: object) -> Any:
        if event == "opcode":
            self._instructions += 1
        return self._step

    def _profile(self, frame: FrameType, event: str, _: object) -> None:
        if event == "c_call":
            self._calls += 1


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    counter = Counter()
    signal.signal(signal.SIGUSR1, counter.start)
    signal.signal(signal.SIGUSR2, counter.stop)
    execute_from_command_line(["manage.py", "serve", *sys.argv[1:]])
