"""The option `--reason` of the commands that ask for a job."""

from argparse import ArgumentParser, ArgumentTypeError

from messaging.models.personal_data import REASON_LENGTH


def add_reason(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--reason",
        type=_reason,
        default="",
        metavar="TEXT",
        help=f"the audit trail keeps it; up to {REASON_LENGTH} characters",
    )


def _reason(text: str) -> str:
    if len(text) > REASON_LENGTH:
        raise ArgumentTypeError(f"Give up to {REASON_LENGTH} characters.")
    if not text.isprintable():
        raise ArgumentTypeError("Give a text of printable characters.")
    return text
