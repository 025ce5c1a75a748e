"""The doctor's examination of the key by which erased people are recognized after a restore."""

from collections.abc import Sequence

from django.conf import settings

from messaging.doctor.findings import Finding, ok, warning
from messaging.files.storage import FilesUnavailable
from messaging.files.storages import make_storage
from messaging.personal_data.evidence import Evidence

_KEY_CHARACTERS = 32


async def examine_erasures() -> Sequence[Finding]:
    """Look at the key, and whether there are receipts that it does not find."""
    findings = [*_examine_key(), *await _examine_receipts()]
    return findings or [ok("The key of erasures finds all receipts.")]


def _examine_key() -> Sequence[Finding]:
    key = settings.CHAT_ERASURE_KEY
    if not key and not settings.DEBUG:
        text = "CHAT_ERASURE_KEY is not set, so SECRET_KEY takes its place."
        remedy = (
            "Set it to the present SECRET_KEY, and keep it: with another key, a restore brings "
            "erased people back."
        )
        return [warning(text, remedy)]
    if key and len(key) < _KEY_CHARACTERS:
        text = f"CHAT_ERASURE_KEY has only {len(key)} characters."
        remedy = (
            f"Before the first erasure, set it to a random string of {_KEY_CHARACTERS} or more: "
            "whoever guesses it finds out whose the receipts are."
        )
        return [warning(text, remedy)]
    return []


async def _examine_receipts() -> Sequence[Finding]:
    storage = make_storage()
    try:
        others = await Evidence(storage).has_other_keys()
    except FilesUnavailable:
        remedy = "See what is said about the storage of files."
        return [warning("The receipts of erasures cannot be read.", remedy)]
    finally:
        await storage.close()
    if not others:
        return []
    text = "Some receipts of erasures were made with another CHAT_ERASURE_KEY or SECRET_KEY."
    remedy = (
        "Set CHAT_ERASURE_KEY to that key, or keep it: after a restore, run `manage.py new_epoch` "
        "with each key that was in use."
    )
    return [warning(text, remedy)]
