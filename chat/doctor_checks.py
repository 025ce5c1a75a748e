"""The doctor's examinations of the settings, the keys of tokens, and the pages."""

import asyncio
import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.checks import run_checks

from chat import checks
from chat.authentication.firebase import FirebaseAuthenticator
from chat.authentication.identity import Identity
from chat.exceptions import NotAuthenticated
from messaging.doctor.findings import Finding, Stopwatch, ok, problem, warning
from messaging.domain.exceptions import StoreUnavailable, TokenRevoked

KEYS_URL = (
    "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"
)
"""https://firebase.google.com/docs/auth/admin/verify-id-tokens"""
_KEYS_SECONDS = 5.0
_SKEW_SECONDS = 2.0
"""The answer has its time in whole seconds."""
_SECRET_CHARACTERS = 50
_NETWORK = "Check that the network allows connections to www.googleapis.com:443."


async def examine_settings() -> Sequence[Finding]:
    """Run the checks that also run at start."""
    errors = await asyncio.to_thread(
        run_checks, tags=[checks.TAG], include_deployment_checks=not settings.DEBUG
    )
    findings = [
        (problem if error.is_serious() else warning)(error.msg, error.hint or "")
        for error in errors
    ]
    if settings.DEBUG:
        findings.append(warning("DEBUG is on.", "Unset it unless only developers use this server."))
    elif len(settings.SECRET_KEY) < _SECRET_CHARACTERS:
        text = f"SECRET_KEY has only {len(settings.SECRET_KEY)} characters."
        findings.append(warning(text, "Set it to a long random string."))
    return findings or [ok("The settings are consistent.")]


async def examine_tokens() -> Sequence[Finding]:
    if settings.CHAT_AUTH == "dev":
        return [ok("Development tokens are verified here.")]
    if settings.FIREBASE_AUTH_EMULATOR_HOST:
        return [await asyncio.to_thread(_ask_emulator)]
    watch = Stopwatch()
    try:
        skew = await asyncio.to_thread(_ask_for_keys)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return [problem(f"CHAT_AUTH=firebase: Google's keys cannot be fetched: {reason}", _NETWORK)]
    findings = [ok(f"Google's keys arrive in {watch.ms}.")]
    if abs(skew) > _SKEW_SECONDS:
        direction = "behind" if skew < 0 else "ahead of"
        text = f"The clock of this machine is {abs(skew):.0f} seconds {direction} Google's"
        remedy = "Synchronise it with NTP."
        behind = f"{text}: new tokens are refused, because they appear to be issued in the future."
        ahead = f"{text}: tokens expire too early."
        findings.append(problem(behind, remedy) if skew < 0 else warning(ahead, remedy))
    authenticator = FirebaseAuthenticator()
    try:
        findings.append(await _verify_a_forged_token(authenticator))
        findings.append(await _ask_for_a_user(authenticator))
    finally:
        authenticator.close()
    return findings


def _ask_emulator() -> Finding:
    """Connect to the emulator. It signs nothing, so there are no keys, and it accepts forged
    tokens."""
    host = settings.FIREBASE_AUTH_EMULATOR_HOST
    watch = Stopwatch()
    try:
        with urllib.request.urlopen(f"http://{host}/", timeout=_KEYS_SECONDS):
            pass
    except urllib.error.HTTPError:
        pass  # it answers
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        text = f"FIREBASE_AUTH_EMULATOR_HOST: no emulator answers at {host}: {reason}"
        return problem(text, "Run `firebase emulators:start --only auth`, or unset the setting.")
    text = f"The emulator at {host} answers in {watch.ms}; its tokens are unsigned."
    return warning(
        text, "Unset FIREBASE_AUTH_EMULATOR_HOST unless only developers use this server."
    )


def _ask_for_keys() -> float:
    """Return how many seconds our clock is ahead. Raises OSError, ValueError."""
    begun = time.time()
    with urllib.request.urlopen(KEYS_URL, timeout=_KEYS_SECONDS) as answer:
        keys = json.load(answer)
        date = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    if not keys:
        raise ValueError("the list of keys is empty")
    return (begun + time.time()) / 2 - (date + 0.5)


async def _verify_a_forged_token(authenticator: FirebaseAuthenticator) -> Finding:
    """Verify a forged token. A working authenticator refuses it."""
    now = int(time.time())
    project = settings.GOOGLE_CLOUD_PROJECT
    parts = (
        {"alg": "RS256", "kid": "doctor"},
        {
            "iss": f"https://securetoken.google.com/{project}",
            "aud": project,
            "sub": "doctor",
            "iat": now - 60,
            "exp": now + 60,
        },
    )
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    token = ".".join([*(part.rstrip("=") for part in encoded), "c2lnbmVk"])
    try:
        await authenticator.authenticate(token)
    except NotAuthenticated:
        return ok("A forged token is refused.")
    except StoreUnavailable:
        return problem("CHAT_AUTH=firebase: tokens cannot be verified.", _NETWORK)
    return problem("A forged token is accepted.", "Unset FIREBASE_AUTH_EMULATOR_HOST.")


async def _ask_for_a_user(authenticator: FirebaseAuthenticator) -> Finding:
    """Look up a user that does not exist. Firebase says so only to permitted credentials."""
    now = datetime.now(UTC)
    nobody = Identity(user_id="doctor-asks-for-nobody", signed_in_at=now, expires_at=None)
    try:
        await authenticator.require_unrevoked(nobody)
    except TokenRevoked:
        return ok("Firebase answers whether a token is revoked.")
    except StoreUnavailable:
        text = "CHAT_AUTH=firebase: Firebase does not answer whether a token is revoked."
        return problem(text, _NETWORK.replace("www", "identitytoolkit"))
    text = "No credentials may look up users: revoked tokens are accepted until they expire."
    remedy = "Set GOOGLE_APPLICATION_CREDENTIALS to the JSON file of a service account with the "
    return warning(text, f"{remedy}role roles/firebaseauth.viewer.")


async def examine_pages() -> Sequence[Finding]:
    """Examine hosts, origins and static files."""
    findings = []
    if "*" in settings.ALLOWED_HOSTS:
        text = "ALLOWED_HOSTS has *: a page of any host name that resolves here may open a socket."
        findings.append(warning(text, "List the host names."))
    if not settings.ALLOWED_HOSTS and not settings.DEBUG:
        text = "ALLOWED_HOSTS is empty: pages answer 400, and browsers cannot open a socket."
        findings.append(warning(text, "Set it to the host name of this site."))
    if not settings.ALLOWED_ORIGINS and not settings.DEBUG:
        text = "ALLOWED_ORIGINS is empty: pages on other hosts may not use the API or the socket."
        findings.append(ok(text))
    if not settings.DEBUG and not staticfiles_storage.exists("admin/css/base.css"):
        text = f"There are no static files in {settings.STATIC_ROOT}: the admin has no styles."
        findings.append(problem(text, "Run `manage.py collectstatic`."))
    return findings or [ok("Hosts, origins and static files are configured.")]
