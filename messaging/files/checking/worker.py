"""The worker process, which reads files that nobody has checked yet.

A broken or hostile file may take much memory or time, or crash the decoder. So the decoder runs
here, with a bound on memory and processor time, and a low priority. It gets one JSON object a line
on stdin, and answers with one on stdout. It ends with its parent, at the end of stdin.
"""

import contextlib
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from messaging.files.checking.findings import Refused
from messaging.files.checking.images import check_image
from messaging.files.checking.sniffing import require_type
from messaging.files.content_types import IMAGES

MEMORY_BYTES = 1024 * 1024 * 1024
_NICENESS = 15
"""A message must not wait for a thumbnail."""


def check(source: Path, content_type: str, target: Path, thumbnail: Path) -> dict[str, Any]:
    """Check a file. Write what is to be stored to `target`, and the thumbnail of an image. Raises
    Refused."""
    data = source.read_bytes()
    require_type(data, content_type)
    if content_type not in IMAGES:
        source.rename(target)
        return {"size": len(data)}
    clean, small, width, height = check_image(data, content_type)
    target.write_bytes(clean)
    thumbnail.write_bytes(small)
    return {"size": len(clean), "width": width, "height": height, "has_thumbnail": True}


def answer(line: str) -> dict[str, Any]:
    task = json.loads(line)
    # At its end SIGPROF ends the process, wherever the decoder is.
    signal.setitimer(signal.ITIMER_PROF, task["seconds"])
    try:
        return check(
            Path(task["source"]),
            task["content_type"],
            Path(task["target"]),
            Path(task["thumbnail"]),
        )
    except Refused as refused:
        return {"code": refused.code, "detail": refused.detail}
    except MemoryError:
        return {"code": "unreadable_image", "detail": "The file needs too much memory to check."}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def run() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal, for the parent
    os.nice(_NICENESS)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(line)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    run()
