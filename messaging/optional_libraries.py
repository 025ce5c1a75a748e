"""Imports a library without the optional libraries that it would import.

Some libraries import whatever is installed beside them, for features that the product does not use.
Each such import costs every process time and memory.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Make these modules look absent while the context is open; what is imported meanwhile does
    without them. A module that is already imported stays. Afterwards all can be imported."""
    absent = [name for name in names if name not in sys.modules]
    # Python's documented way to say that there is no such module.
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
