"""`ast.parse`, one caller at a time: CPython 3.11 counts its depth for all threads together.

pytest parses the source of a test that failed, and a thread that logs a traceback parses the lines
of it. Where both do so at once, `ast.parse` raises `SystemError: AST constructor recursion depth
mismatch`, which ends the whole run (https://github.com/python/cpython/issues/106905; each thread
counts its own since Python 3.13).
"""

import ast
from threading import RLock
from typing import Any

_ATTEMPTS = 3
_parse = ast.parse
_one_at_a_time = RLock()


def parse_one_at_a_time() -> None:
    """Replace `ast.parse` of this process."""
    ast.parse = _parse_alone


def _parse_alone(*args: Any, **options: Any) -> Any:
    with _one_at_a_time:
        for _ in range(_ATTEMPTS - 1):
            try:
                return _parse(*args, **options)
            except SystemError:  # the collector ran a finaliser in between, and that one parsed
                continue
        return _parse(*args, **options)
