"""The doctor's examination of the storage of files and of the scanner."""

from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from messaging.doctor.findings import Finding, Stopwatch, ok, problem, warning
from messaging.domain.exceptions import StoreUnavailable
from messaging.files.checking.clamd import Clamd
from messaging.files.storage import FileMissing
from messaging.files.storages import make_storage

_REMEDIES = {
    "local": "Let the user of this process write to the folder, or set CHAT_FILES_DIR to another.",
    "gcs": (
        "Check the bucket's name and GOOGLE_APPLICATION_CREDENTIALS. The account needs the role "
        "roles/storage.objectUser on the bucket."
    ),
    "s3": (
        "Check the bucket's name, the region and the credentials. They need s3:PutObject, "
        "s3:GetObject and s3:DeleteObject on its objects, and s3:ListBucket."
    ),
}


async def examine_files() -> Sequence[Finding]:
    """Write, read and delete a small file, and ask the scanner for its version."""
    findings = [await _examine_storage()]
    if settings.CHAT_FILES == "local" and settings.REDIS is not None:
        text = "CHAT_FILES=local: every instance needs the same folder."
        remedy = "Mount one folder on all of them, or use a bucket (CHAT_FILES=gcs or s3)."
        findings.append(warning(text, remedy))
    if settings.CHAT_CLAMD:
        findings.append(await _examine_scanner())
    return findings


async def _examine_storage() -> Finding:
    kind = settings.CHAT_FILES
    where = (
        f"the folder {Path(settings.CHAT_FILES_DIR)}"
        if kind == "local"
        else f"the bucket {settings.CHAT_FILES_BUCKET}"
    )
    storage = make_storage()
    watch = Stopwatch()
    try:
        await storage.probe()
    except (StoreUnavailable, FileMissing) as error:
        cause = error.__cause__ or error
        return problem(f"CHAT_FILES={kind}: {where} cannot be used: {cause}", _REMEDIES[kind])
    finally:
        await storage.close()
    return ok(f"Files are written, read and deleted in {where} in {watch.ms}.")


async def _examine_scanner() -> Finding:
    watch = Stopwatch()
    try:
        version = await Clamd(settings.CHAT_CLAMD).version()
    except StoreUnavailable as error:
        text = f"CHAT_CLAMD: the scanner does not answer: {error.__cause__ or error}"
        return problem(text, "Start clamd there. Until then, no file is accepted.")
    return ok(f"The scanner answers in {watch.ms}: {version}.")
