"""Files in a bucket of Amazon S3, or of a storage that speaks its protocol, with presigned
URLs.

boto3 blocks, so every call runs in a thread of our own pool. It is imported when the bucket is
used. Region, endpoint and credentials are found as usual for boto3.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
"""

import functools
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from messaging.files.keys import prefix_of, staging_key
from messaging.files.lifetimes import UPLOAD_SECONDS, ends_after, seconds_until
from messaging.files.storage import FileMissing, Served, Upload
from messaging.files.storages.bucket import BlockingBucket

_CONNECT_SECONDS = 3
_ANSWER_SECONDS = 15
_PART = 1024 * 1024
_MISSING = {"404", "NoSuchKey", "NotFound"}


class S3Storage(BlockingBucket):
    def __init__(self, bucket: str) -> None:
        super().__init__("s3", faults=(BotoCoreError, ClientError, OSError))
        self._bucket = bucket
        self._client = functools.cache(_make_client)  # in a thread, when it is first needed

    def _sign_upload(self, key: str, content_type: str, size: int) -> Upload:
        expires_at = ends_after(UPLOAD_SECONDS)
        url = self._sign(
            "put_object",
            expires_at,
            Key=key,
            ContentType=content_type,
            ContentLength=size,  # signed too: S3 refuses any other length
        )
        headers = {"Content-Type": content_type}
        return Upload(method="PUT", url=url, headers=headers, expires_at=expires_at)

    def _sign_download(self, key: str, served: Served, expires_at: datetime) -> str:
        return self._sign(
            "get_object",
            expires_at,
            Key=key,
            ResponseContentType=served.content_type,
            ResponseContentDisposition=served.disposition,
        )

    def _sign(self, operation: str, expires_at: datetime, **parameters: Any) -> str:
        url: str = self._client().generate_presigned_url(
            operation,
            Params={"Bucket": self._bucket, **parameters},
            ExpiresIn=seconds_until(expires_at),
        )
        return url

    def _fetch(self, key: str, target: Path, most: int) -> None:
        try:
            found = self._client().get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                raise FileMissing from error
            raise
        with found["Body"] as body, target.open("xb") as file:
            left = most
            while left > 0 and (part := body.read(min(left, _PART))):
                file.write(part)
                left -= len(part)

    def _put(self, source: Path, key: str, served: Served) -> None:
        with source.open("rb") as file:
            self._client().put_object(
                Bucket=self._bucket,
                Key=key,
                Body=file,
                ContentType=served.content_type,
                ContentDisposition=served.disposition,
                CacheControl="private, no-store",
            )

    def _delete(self, attachment_id: str, keep: frozenset[str]) -> int:
        client = self._client()
        found = client.list_objects_v2(Bucket=self._bucket, Prefix=prefix_of(attachment_id))
        keys = [one["Key"] for one in found.get("Contents", ()) if one["Key"] not in keep]
        for key in keys:
            client.delete_object(Bucket=self._bucket, Key=key)
        return len(keys)

    def _list(self, attachment_id: str) -> list[str]:
        pages = self._client().get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self._bucket, Prefix=prefix_of(attachment_id))
        return [one["Key"] for page in found for one in page.get("Contents", ())]

    def _probe(self) -> None:
        client, key = self._client(), staging_key("a" * 26)
        client.put_object(Bucket=self._bucket, Key=key, Body=b"probe")
        client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        client.delete_object(Bucket=self._bucket, Key=key)


def _make_client() -> Any:
    import boto3.session  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    return boto3.session.Session().client(
        "s3",
        config=Config(
            signature_version="s3v4",
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_ANSWER_SECONDS,
            retries={"total_max_attempts": 2, "mode": "standard"},
            # A signed URL for browsers cannot carry checksums in trailers.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
