"""What the tests of deployment files share: where they are, and which settings exist."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from config import env

CHECKOUT = Path(__file__).resolve().parents[3]
DEPLOY = CHECKOUT / "deploy"

_OF_LIBRARIES = {
    *("AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_SQS", "AWS_SECRET_ACCESS_KEY"),
    *("FIRESTORE_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"),
    *("FORWARDED_ALLOW_IPS", "PGOPTIONS", "PYTHONUNBUFFERED"),
}
"""Variables that libraries of the product read."""


def documents(file: Path) -> Sequence[Any]:
    return list(yaml.safe_load_all(file.read_text()))


def unknown_settings(names: Iterable[str]) -> set[str]:
    """The names that neither the product nor one of its libraries reads."""
    ours = {name for name in vars(env) if name.isupper() and not name.startswith("_")}
    return set(names) - ours - _OF_LIBRARIES
