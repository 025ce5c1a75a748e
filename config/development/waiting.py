"""What the programs for development have in common: talk to the terminal, wait for Ctrl-C."""

import signal


def say(line: str) -> None:
    print(line, flush=True)


def until_interrupted() -> None:
    """Return at SIGINT or SIGTERM."""
    waited_for = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, waited_for)
    signal.sigwait(waited_for)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, waited_for)
