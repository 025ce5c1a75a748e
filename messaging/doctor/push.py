"""The examination of Firebase Cloud Messaging, by a push that is looked at and not sent."""

from collections.abc import Mapping, Sequence

from django.conf import settings
from firebase_admin import exceptions
from google.auth.exceptions import GoogleAuthError

from messaging.doctor.findings import Finding, Stopwatch, note, well, wrong
from messaging.notifications.push.fcm import FcmPushBackend

_CREDENTIALS = "Name the JSON file of a service account in GOOGLE_APPLICATION_CREDENTIALS."
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
        "Mend GOOGLE_CLOUD_PROJECT: it is the id of the Firebase project.",
    ),
    exceptions.RESOURCE_EXHAUSTED: ("its quota is used up", "Wait, or ask Google for more."),
}


async def examine_push() -> Sequence[Finding]:
    if settings.PUSH_BACKEND != "fcm":
        text = "PUSH_BACKEND is log: notifications become log lines, and no phone rings."
        return [well(text) if settings.DEBUG else note(text, "Set PUSH_BACKEND=fcm.")]
    push = FcmPushBackend()
    watch = Stopwatch()
    try:
        await push.try_out()
    except exceptions.InvalidArgumentError:
        pass  # the token is none; that it is looked at shows that all else is well
    except (exceptions.FirebaseError, GoogleAuthError, ValueError) as error:
        return [_explained(error)]
    finally:
        await push.close()
    return [well(f"FCM looks at a push in {watch.ms}.")]


def _explained(error: Exception) -> Finding:
    if not isinstance(error, exceptions.FirebaseError):
        return wrong(f"PUSH_BACKEND=fcm: there are no credentials. ({error})", _CREDENTIALS)
    if error.code in _REFUSALS:
        meaning, remedy = _REFUSALS[error.code]
        meaning = meaning.format(project=settings.GOOGLE_CLOUD_PROJECT)
        return wrong(f"PUSH_BACKEND=fcm: {meaning}. ({error})", remedy)
    remedy = "See whether the credentials are valid and the network lets connections through to "
    remedy += "oauth2.googleapis.com:443 and fcm.googleapis.com:443."
    return wrong(f"PUSH_BACKEND=fcm: FCM gives no access. ({error})", remedy)
