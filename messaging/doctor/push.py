"""The examination of Firebase Cloud Messaging, by a push that FCM only validates."""

from collections.abc import Mapping, Sequence

from django.conf import settings
from firebase_admin import exceptions
from google.auth.exceptions import GoogleAuthError

from messaging.doctor.findings import Finding, Stopwatch, ok, problem, warning
from messaging.notifications.push.fcm import FcmPushBackend

_CREDENTIALS = "Set GOOGLE_APPLICATION_CREDENTIALS to the JSON file of a service account."
_REFUSALS: Mapping[str, tuple[str, str]] = {
    exceptions.PERMISSION_DENIED: (
        "the credentials may not push for project {project}",
        (
            "Give their account the role roles/firebasecloudmessaging.admin, and enable the API "
            "fcm.googleapis.com."
        ),
    ),
    exceptions.UNAUTHENTICATED: ("the credentials are not accepted", _CREDENTIALS),
    exceptions.NOT_FOUND: (
        "there is no project {project}",
        "Correct GOOGLE_CLOUD_PROJECT: it is the id of the Firebase project.",
    ),
    exceptions.RESOURCE_EXHAUSTED: (
        "its quota is used up",
        "Wait, or request a higher quota from Google.",
    ),
}


async def examine_push() -> Sequence[Finding]:
    if settings.PUSH_BACKEND != "fcm":
        text = "PUSH_BACKEND is log: notifications are only logged, and no phone gets a push."
        return [ok(text) if settings.DEBUG else warning(text, "Set PUSH_BACKEND=fcm.")]
    push = FcmPushBackend()
    watch = Stopwatch()
    try:
        await push.try_out()
    except exceptions.InvalidArgumentError:
        pass  # the token is invalid on purpose; FCM has accepted everything else
    except (exceptions.FirebaseError, GoogleAuthError, ValueError) as error:
        return [_explained(error)]
    finally:
        await push.close()
    return [ok(f"FCM validates a push in {watch.ms}.")]


def _explained(error: Exception) -> Finding:
    if not isinstance(error, exceptions.FirebaseError):
        return problem(f"PUSH_BACKEND=fcm: there are no credentials. ({error})", _CREDENTIALS)
    if error.code in _REFUSALS:
        meaning, remedy = _REFUSALS[error.code]
        meaning = meaning.format(project=settings.GOOGLE_CLOUD_PROJECT)
        return problem(f"PUSH_BACKEND=fcm: {meaning}. ({error})", remedy)
    remedy = "Check the credentials, and that the network allows connections to "
    remedy += "oauth2.googleapis.com:443 and fcm.googleapis.com:443."
    return problem(f"PUSH_BACKEND=fcm: FCM denies access. ({error})", remedy)
