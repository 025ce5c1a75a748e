"""The Firestore emulator of a test run."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from config.development.firestore_emulator import EmulatorMissing, own_firestore_emulator

_GIVEN = "FIRESTORE_EMULATOR_HOST"
_SHARED = "TESTS_FIRESTORE_EMULATOR_HOST"
_SHARED_HEAP_MIB = 2048


@contextmanager
def firestore_emulator() -> Iterator[str]:
    """Yield host:port of the emulator in `FIRESTORE_EMULATOR_HOST`, or of the one that the test
    processes share, or run one. The shared one may not answer yet.

    Raises EmulatorMissing, NotReady.
    """
    if host := os.environ.get(_GIVEN) or os.environ.get(_SHARED):
        yield host
    else:
        with own_firestore_emulator(brief=True) as (host, _):
            yield host


@contextmanager
def shared_firestore_emulator() -> Iterator[None]:
    """Run an emulator for all processes that are started while the context is open. Starting it
    takes seconds of CPU, and so do its first answers. If it is not installed, do nothing."""
    with ExitStack() as running:
        if not os.environ.get(_GIVEN):
            with suppress(EmulatorMissing):
                os.environ[_SHARED], _ = running.enter_context(
                    own_firestore_emulator(brief=True, heap_mib=_SHARED_HEAP_MIB, awaited=False)
                )
                running.callback(os.environ.pop, _SHARED)
        yield
