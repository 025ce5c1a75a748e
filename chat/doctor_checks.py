"""What the doctor examines of the door: the settings, the keys of tokens, the pages."""

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
from messaging.doctor.findings import Finding, Stopwatch, note, well, wrong
from messaging.domain.exceptions import StoreUnavailable, TokenRevoked

KEYS_URL = (
    "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"
)
"""https://firebase.google.com/docs/auth/admin/verify-id-tokens"""
_KEYS_SECONDS = 5.0
_SKEW_SECONDS = 2.0
"""The answer tells its time in whole seconds."""
_SECRET_CHARACTERS = 50
_NETWORK = "See whether the network lets connections through to www.googleapis.com:443."


async def examine_settings() -> Sequence[Finding]:
    """By the same checks as stop a start."""
    errors = await asyncio.to_thread(
        run_checks, tags=[checks.TAG], include_deployment_checks=not settings.DEBUG
    )
    findings = [
        (wrong if error.is_serious() else note)(error.msg, error.hint or "") for error in errors
    ]
    if settings.DEBUG:
        findings.append(note("DEBUG is on.", "Unset it where others than developers come."))
    elif len(settings.SECRET_KEY) < _SECRET_CHARACTERS:
        text = f"SECRET_KEY has only {len(settings.SECRET_KEY)} characters."
        findings.append(note(text, "Set it to a long random string."))
    return findings or [well("They fit together.")]


async def examine_tokens() -> Sequence[Finding]:
    if settings.CHAT_AUTH == "dev":
        return [well("Development tokens are verified here.")]
    if settings.FIREBASE_AUTH_EMULATOR_HOST:
        return [await asyncio.to_thread(_ask_emulator)]
    watch = Stopwatch()
    try:
        skew = await asyncio.to_thread(_ask_for_keys)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return [wrong(f"CHAT_AUTH=firebase: Google's keys cannot be fetched: {reason}", _NETWORK)]
    findings = [well(f"Google's keys come in {watch.ms}.")]
    if abs(skew) > _SKEW_SECONDS:
        direction = "behind" if skew < 0 else "ahead of"
        text = f"The clock of this machine is {abs(skew):.0f} seconds {direction} Google's"
        remedy = "Set it by NTP."
        behind = f"{text}: new tokens are refused, for they seem to be of the future."
        ahead = f"{text}: tokens end too early."
        findings.append(wrong(behind, remedy) if skew < 0 else note(ahead, remedy))
    authenticator = FirebaseAuthenticator()
    try:
        findings.append(await _verify_a_forged_token(authenticator))
        findings.append(await _ask_for_a_user(authenticator))
    finally:
        authenticator.close()
    return findings


def _ask_emulator() -> Finding:
    """The emulator signs nothing, so there are no keys to fetch, and no forged token is refused."""
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
        return wrong(text, "Run `firebase emulators:start --only auth`, or unset it.")
    text = f"The emulator at {host} answers in {watch.ms}; its tokens prove nothing."
    return note(text, "Unset FIREBASE_AUTH_EMULATOR_HOST where others than developers come.")


def _ask_for_keys() -> float:
    """By how many seconds our clock is ahead. Raises OSError, ValueError."""
    begun = time.time()
    with urllib.request.urlopen(KEYS_URL, timeout=_KEYS_SECONDS) as answer:
        keys = json.load(answer)
        date = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    if not keys:
        raise ValueError("there are none")
    return (begun + time.time()) / 2 - (date + 0.5)


async def _verify_a_forged_token(authenticator: FirebaseAuthenticator) -> Finding:
    """It is refused by whoever can verify tokens at all."""
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
        return well("A forged token is refused.")
    except StoreUnavailable:
        return wrong("CHAT_AUTH=firebase: tokens cannot be verified.", _NETWORK)
    return wrong("A forged token is accepted.", "Unset FIREBASE_AUTH_EMULATOR_HOST.")


async def _ask_for_a_user(authenticator: FirebaseAuthenticator) -> Finding:
    """There is none of this name; who may ask is told so."""
    now = datetime.now(UTC)
    nobody = Identity(user_id="doctor-asks-for-nobody", signed_in_at=now, expires_at=None)
    try:
        await authenticator.require_unrevoked(nobody)
    except TokenRevoked:
        return well("Firebase tells which tokens are revoked.")
    except StoreUnavailable:
        text = "CHAT_AUTH=firebase: Firebase does not tell which tokens are revoked."
        return wrong(text, _NETWORK.replace("www", "identitytoolkit"))
    text = "Without fitting credentials revoked tokens hold until they expire."
    remedy = "Name the JSON file of a service account with the role roles/firebaseauth.viewer in "
    return note(text, f"{remedy}GOOGLE_APPLICATION_CREDENTIALS.")


async def examine_pages() -> Sequence[Finding]:
    """Hosts, origins and static files."""
    findings = []
    if "*" in settings.ALLOWED_HOSTS:
        text = "ALLOWED_HOSTS has *: a page under any name that leads here may open a socket."
        findings.append(note(text, "Name the hosts."))
    if not settings.ALLOWED_HOSTS and not settings.DEBUG:
        text = "ALLOWED_HOSTS is empty: the admin is not served, and browsers open no sockets."
        findings.append(note(text, "Set it to the name under which this is reached."))
    if not settings.ALLOWED_ORIGINS and not settings.DEBUG:
        text = "ALLOWED_ORIGINS is empty: pages on other hosts may not use the API or the socket."
        findings.append(well(text))
    if not settings.DEBUG and not staticfiles_storage.exists("admin/css/base.css"):
        text = f"There are no static files in {settings.STATIC_ROOT}: the admin has no style."
        findings.append(wrong(text, "Run `manage.py collectstatic`."))
    return findings or [well("Hosts, origins and static files are there.")]
