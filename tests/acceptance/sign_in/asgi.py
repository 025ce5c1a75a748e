"""The application, with Google's certificates on the loopback address.

firebase-admin offers no way to name another address than Google's, so this changes the one constant
that names it. The rest of firebase-admin is as in production.
"""

import os

import firebase_admin._token_gen

from config.asgi import application
from tests.acceptance.sign_in import CERTIFICATES_VARIABLE

__all__ = ["application"]

_generator = firebase_admin._token_gen  # noqa: SLF001 - the constant has no other home
_generator.ID_TOKEN_CERT_URI = os.environ[CERTIFICATES_VARIABLE]
