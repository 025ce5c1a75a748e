"""The Firestore emulator of a test run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from config.development.firestore_emulator import own_firestore_emulator


@contextmanager
def firestore_emulator() -> Iterator[str]:
    """Yield host:port of the emulator in `FIRESTORE_EMULATOR_HOST`, or run one.

    Raises EmulatorMissing, NotReady.
    """
    if host := os.environ.get("FIRESTORE_EMULATOR_HOST"):
        yield host
    else:
        with own_firestore_emulator(brief=True) as (host, _):
            yield host
