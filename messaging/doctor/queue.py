"""The examination of the notification queue and of its dead-letter queue."""

from collections.abc import Mapping, Sequence

from django.conf import settings

from messaging.doctor.findings import Finding, Stopwatch, ok, problem, warning
from messaging.notifications.queue.sqs import QueueUnavailable, SqsQueue

_SETTING = "NOTIFICATION_QUEUE_URL"
_MAKE = "`manage.py create_notification_queues NAME` creates it, with its dead-letter queue."
_CREDENTIALS = "Configure credentials for boto3: AWS_ACCESS_KEY_ID…, or the machine's role."
_RENEW = "Renew them: AWS_SESSION_TOKEN expires after some hours."
_CLOCK = "Synchronise the clock of this machine with NTP."
_REFUSALS: Mapping[str, tuple[str, str]] = {
    "NonExistentQueue": ("names a queue that does not exist", _MAKE),
    "QueueDoesNotExist": ("names a queue that does not exist", _MAKE),
    "NoCredentialsError": ("there are no credentials for AWS", _CREDENTIALS),
    "NoRegionError": ("no region is set", "Set AWS_DEFAULT_REGION to the region of the queue."),
    "InvalidClientTokenId": ("AWS does not know the credentials", _CREDENTIALS),
    "SignatureDoesNotMatch": ("AWS does not accept the secret of the credentials", _CREDENTIALS),
    "InvalidSecurity": ("AWS does not accept the credentials", _CREDENTIALS),
    "InvalidAccessKeyId": ("AWS does not know the credentials", _CREDENTIALS),
    "MissingAuthenticationToken": ("the request carries no credentials", _CREDENTIALS),
    "IncompleteSignature": ("AWS does not accept the credentials", _CREDENTIALS),
    "PartialCredentialsError": ("the credentials for AWS are incomplete", _CREDENTIALS),
    "UnrecognizedClient": ("AWS does not know the credentials", _CREDENTIALS),
    "ExpiredToken": ("the credentials have expired", _RENEW),
    "RequestExpired": ("AWS regards the request as expired", _CLOCK),
    "OptInRequired": ("this AWS account may not use SQS", "Enable SQS for the account."),
    "AccessDenied": (
        "the credentials may not use this queue",
        (
            "Allow sqs:SendMessage, ReceiveMessage, DeleteMessage, ChangeMessageVisibility, "
            "GetQueueAttributes and GetQueueUrl."
        ),
    ),
}


_UNREACHABLE = ("TimeoutError", "ConnectionError", "ConnectionClosedError", "SSLError", "HTTPError")
"""The suffixes of the names of boto3's network errors."""


async def examine_queue() -> Sequence[Finding]:
    if not settings.NOTIFICATION_QUEUE_URL:
        return [ok("No queue is configured: each instance sends its own pushes.")]
    queue = SqsQueue(settings.NOTIFICATION_QUEUE_URL)
    try:
        watch = Stopwatch()
        waiting = await queue.waiting()
        findings = [ok(f"SQS answers in {watch.ms}; about {waiting} jobs are waiting.")]
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
        text = (
            f"{_SETTING}: this queue has no dead-letter queue; failed jobs are retried for a day."
        )
        return [warning(text, f"{_MAKE} It also updates an existing queue.")]
    try:
        letters = await dead.waiting()
    finally:
        await dead.close()
    if letters:
        text = f"About {letters} jobs are in the dead-letter queue."
        return [
            warning(
                text,
                "Find the cause in the worker's log, then run `manage.py replay_dead_letters`.",
            )
        ]
    return [ok("The dead-letter queue is empty.")]


def _explained(error: QueueUnavailable, subject: str) -> Finding:
    for code, (meaning, remedy) in _REFUSALS.items():
        if code in error.code:
            return problem(f"{subject}: {meaning}. ({error})", remedy)
    if not error.code.endswith(_UNREACHABLE):
        return problem(
            f"{subject}: SQS refuses. ({error})", "Look up this error in the AWS documentation."
        )
    remedy = "Check the region, and that the network allows the connection."
    return problem(f"{subject}: SQS cannot be reached. ({error})", remedy)
