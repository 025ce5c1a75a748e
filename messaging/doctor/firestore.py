"""The meaning of Firestore's errors, and what to do about them."""

from collections.abc import Mapping

from django.conf import settings
from google.auth.exceptions import GoogleAuthError
from grpc import StatusCode
from grpc.aio import AioRpcError

from messaging.doctor.findings import Finding, problem

_REMEDIES: Mapping[StatusCode, tuple[str, str]] = {
    StatusCode.NOT_FOUND: (
        "GOOGLE_CLOUD_PROJECT: project {project} has no Firestore database named (default).",
        "Set another project, or run `gcloud firestore databases create --location=…`.",
    ),
    StatusCode.PERMISSION_DENIED: (
        "The credentials may not use Firestore of project {project} ({operation}): {details}",
        "Give their account the role roles/datastore.user, and enable the API.",
    ),
    StatusCode.UNAUTHENTICATED: (
        "Firestore does not accept the credentials: {details}",
        "Renew the file in GOOGLE_APPLICATION_CREDENTIALS, and check the clock.",
    ),
    StatusCode.FAILED_PRECONDITION: (
        "Firestore has no index for {operation}: {details}",
        (
            "Run `firebase deploy --only firestore:indexes --project {project}`, and wait some "
            "minutes."
        ),
    ),
    StatusCode.RESOURCE_EXHAUSTED: (
        "The quota of Firestore is used up: {details}",
        "Raise the quota or the budget of the project in Google's console.",
    ),
}
_AWAY = (
    "Firestore does not answer ({operation}): {details}",
    (
        "Check that the network allows connections to firestore.googleapis.com:443. If "
        "FIRESTORE_EMULATOR_HOST is set, check that the emulator runs there."
    ),
)


def explained(operation: str, error: BaseException) -> Finding | None:
    """Return a finding for an error of Firestore; None for any other error."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, AioRpcError | GoogleAuthError | TimeoutError):
        cause = cause.__cause__
    if cause is None:
        return None
    if isinstance(cause, GoogleAuthError):
        text = f"There are no credentials for Google's services: {cause}"
        remedy = "Set GOOGLE_APPLICATION_CREDENTIALS to the JSON file of a service account."
        return problem(text, remedy)
    details = "no connection in time"
    text, remedy = _AWAY
    if isinstance(cause, AioRpcError):
        details = str(cause.details())
        text, remedy = _REMEDIES.get(cause.code(), _AWAY)
    project = settings.GOOGLE_CLOUD_PROJECT
    text = text.format(project=project, operation=operation, details=details)
    return problem(text, remedy.format(project=project))
