"""The examination of the queue of notifications, and of its dead letters."""

from collections.abc import Mapping, Sequence

from django.conf import settings

from messaging.doctor.findings import Finding, Stopwatch, note, well, wrong
from messaging.notifications.queue.sqs import QueueUnavailable, SqsQueue

_SETTING = "NOTIFICATION_QUEUE_URL"
_MAKE = "`manage.py create_notification_queues NAME` makes it, with its dead-letter queue."
_CREDENTIALS = "Give boto3 credentials the standard way: AWS_ACCESS_KEY_ID…, or the machine's role."
_RENEW = "Renew them: AWS_SESSION_TOKEN ends after some hours."
_CLOCK = "Set the clock of this machine by NTP."
_REFUSALS: Mapping[str, tuple[str, str]] = {
    "NonExistentQueue": ("names a queue that does not exist", _MAKE),
    "QueueDoesNotExist": ("names a queue that does not exist", _MAKE),
    "NoCredentialsError": ("there are no credentials for AWS", _CREDENTIALS),
    "NoRegionError": ("there is no region", "Set AWS_DEFAULT_REGION to that of the queue."),
    "InvalidClientTokenId": ("AWS does not know the credentials", _CREDENTIALS),
    "SignatureDoesNotMatch": ("AWS does not accept the secret of the credentials", _CREDENTIALS),
    "InvalidSecurity": ("AWS does not accept the credentials", _CREDENTIALS),
    "InvalidAccessKeyId": ("AWS does not know the credentials", _CREDENTIALS),
    "MissingAuthenticationToken": ("AWS is not shown any credentials", _CREDENTIALS),
    "IncompleteSignature": ("AWS does not accept the credentials", _CREDENTIALS),
    "PartialCredentialsError": ("the credentials for AWS are incomplete", _CREDENTIALS),
    "UnrecognizedClient": ("AWS does not know the credentials", _CREDENTIALS),
    "ExpiredToken": ("the credentials have expired", _RENEW),
    "RequestExpired": ("AWS takes the request for an old one", _CLOCK),
    "OptInRequired": ("this AWS account may not use SQS", "Enable it for the account."),
    "AccessDenied": (
        "the credentials may not use this queue",
        (
            "Allow sqs:SendMessage, ReceiveMessage, DeleteMessage, ChangeMessageVisibility, "
            "GetQueueAttributes and GetQueueUrl."
        ),
    ),
}


_UNREACHABLE = ("TimeoutError", "ConnectionError", "ConnectionClosedError", "SSLError", "HTTPError")
"""The ends of the names of those of boto3's errors that are of the network."""


async def examine_queue() -> Sequence[Finding]:
    if not settings.NOTIFICATION_QUEUE_URL:
        return [well("None is configured: each instance pushes by itself.")]
    queue = SqsQueue(settings.NOTIFICATION_QUEUE_URL)
    try:
        watch = Stopwatch()
        waiting = await queue.waiting()
        findings = [well(f"SQS answers in {watch.ms}; about {waiting} jobs wait.")]
        return [*findings, *await _dead_letters(queue)]
    except QueueUnavailable as error:
        return [_explained(error, _SETTING)]
    finally:
        await queue.close()


async def _dead_letters(queue: SqsQueue) -> Sequence[Finding]:
    try:
        dead = await queue.dead_letters()
    except QueueUnavailable as error:
        return [_explained(error, "The redrive policy of the queue")]
    if dead is None:
        text = f"{_SETTING}: this queue has no dead-letter queue: what fails is tried for a day."
        return [note(text, f"{_MAKE} It mends one that is there, too.")]
    try:
        letters = await dead.waiting()
    finally:
        await dead.close()
    if letters:
        text = f"About {letters} jobs were delivered too often and are dead letters."
        return [note(text, "See the worker's log for why, then `manage.py replay_dead_letters`.")]
    return [well("There are no dead letters.")]


def _explained(error: QueueUnavailable, subject: str) -> Finding:
    for code, (meaning, remedy) in _REFUSALS.items():
        if code in error.code:
            return wrong(f"{subject}: {meaning}. ({error})", remedy)
    if not error.code.endswith(_UNREACHABLE):
        return wrong(f"{subject}: SQS refuses. ({error})", "See what AWS says about this error.")
    remedy = "See whether the region is right and the network lets connections through."
    return wrong(f"{subject}: SQS cannot be reached. ({error})", remedy)
