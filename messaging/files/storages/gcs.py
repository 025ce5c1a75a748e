"""Files in a bucket of Google Cloud Storage, with V4-signed URLs.

This is the only file that imports google.cloud.storage. It does so when the bucket is used: the
import takes long. The client blocks, so every call runs in a thread of our own pool. Credentials
and `STORAGE_EMULATOR_HOST` are found as usual for the client. Credentials without a private key
(of a machine or a pod) sign through the IAM API. For this they need the role
`iam.serviceAccountTokenCreator` on themselves.

https://cloud.google.com/storage/docs/authentication/signatures
"""

import functools
from datetime import datetime
from pathlib import Path
from typing import Any

from google.api_core.exceptions import GoogleAPIError, NotFound
from google.auth.exceptions import GoogleAuthError
from requests.exceptions import RequestException

from messaging.files.keys import prefix_of, staging_key
from messaging.files.lifetimes import UPLOAD_SECONDS, ends_after
from messaging.files.storage import FileMissing, Served, Upload
from messaging.files.storages.bucket import BlockingBucket

_CALL_SECONDS = (3.0, 15.0)
"""The timeouts of one request: to connect, and to get an answer."""


class GcsStorage(BlockingBucket):
    def __init__(self, bucket: str) -> None:
        super().__init__("gcs", faults=(GoogleAPIError, GoogleAuthError, RequestException, OSError))
        self._name = bucket
        self._bucket = functools.cache(self._open)  # in a thread, when it is first needed

    def _open(self) -> Any:
        from google.cloud.storage import Client  # noqa: PLC0415

        return Client().bucket(self._name)

    def _sign_upload(self, key: str, content_type: str, size: int) -> Upload:
        expires_at = ends_after(UPLOAD_SECONDS)
        headers = {
            "Content-Type": content_type,
            # The bucket refuses any other length: a client cannot sign a small file and send a
            # large one.
            "x-goog-content-length-range": f"{size},{size}",
        }
        url = self._sign(key, "PUT", expires_at, headers=headers)
        return Upload(method="PUT", url=url, headers=headers, expires_at=expires_at)

    def _sign_download(self, key: str, served: Served, expires_at: datetime) -> str:
        return self._sign(
            key,
            "GET",
            expires_at,
            response_type=served.content_type,
            response_disposition=served.disposition,
        )

    def _sign(self, key: str, method: str, expires_at: datetime, **options: Any) -> str:
        bucket = self._bucket()
        url: str = bucket.blob(key).generate_signed_url(
            version="v4",
            method=method,
            expiration=expires_at,
            api_access_endpoint=bucket.client.api_endpoint,
            **self._signer(bucket.client),
            **options,
        )
        return url

    def _signer(self, client: Any) -> dict[str, Any]:
        """Return how to sign if the credentials have no private key."""
        from google.auth import credentials as kinds  # noqa: PLC0415
        from google.auth.transport.requests import Request  # noqa: PLC0415

        credentials = client._credentials  # noqa: SLF001 - the client has no public name for them
        if isinstance(credentials, kinds.Signing):
            return {}
        if not credentials.valid:
            credentials.refresh(Request())
        return {
            "service_account_email": credentials.service_account_email,
            "access_token": credentials.token,
        }

    def _fetch(self, key: str, target: Path, most: int) -> None:
        try:
            with target.open("xb") as file:
                self._bucket().blob(key).download_to_file(
                    file, end=most - 1, raw_download=True, timeout=_CALL_SECONDS
                )
        except NotFound as error:
            raise FileMissing from error

    def _put(self, source: Path, key: str, served: Served) -> None:
        blob = self._bucket().blob(key)
        blob.content_disposition = served.disposition
        blob.cache_control = "private, no-store"
        blob.upload_from_filename(
            str(source), content_type=served.content_type, timeout=_CALL_SECONDS
        )

    def _delete(self, attachment_id: str, keep: frozenset[str]) -> int:
        bucket = self._bucket()
        deleted = 0
        for blob in bucket.client.list_blobs(
            bucket, prefix=prefix_of(attachment_id), timeout=_CALL_SECONDS
        ):
            if blob.name not in keep:
                try:
                    blob.delete(timeout=_CALL_SECONDS)
                except NotFound:  # another instance sweeps too
                    continue
                deleted += 1
        return deleted

    def _list(self, attachment_id: str) -> list[str]:
        bucket = self._bucket()
        prefix = prefix_of(attachment_id)
        found = bucket.client.list_blobs(bucket, prefix=prefix, timeout=_CALL_SECONDS)
        return [blob.name for blob in found]

    def _probe(self) -> None:
        blob = self._bucket().blob(staging_key("a" * 26))
        blob.upload_from_string(b"probe", timeout=_CALL_SECONDS)
        blob.download_as_bytes(timeout=_CALL_SECONDS)
        blob.delete(timeout=_CALL_SECONDS)
