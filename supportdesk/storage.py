"""Where evidence lies: one variable turns the local disk into any S3."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.config import Config


def s3_options(url: str) -> dict[str, Any]:
    """django-storages' options out of ``s3://KEY:SECRET@bucket/prefix?endpoint=…&region=…``.

    Keys may be left out where the machine's own role grants access. Nothing is
    public, links are signed and short-lived.

    Raises:
        ValueError: when the address is no ``s3://`` one or names no bucket.
    """
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.hostname:
        raise ValueError("STORAGE_URL must look like s3://bucket/prefix?region=…")
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    options: dict[str, Any] = {
        "bucket_name": parts.hostname,
        "location": parts.path.strip("/"),
        "default_acl": None,
        "querystring_auth": True,
        # s3v4: else boto3 signs links in the old way in some regions. The times are short, so
        # that a bucket that swallows packets is told as away instead of holding a thread.
        "client_config": Config(
            signature_version="s3v4",
            connect_timeout=5,
            read_timeout=30,
            retries={"max_attempts": 2, "mode": "standard"},
        ),
        "querystring_expire": 300,
        "file_overwrite": False,
        "max_memory_size": 8 * 1024 * 1024,
    }
    if parts.username:
        options["access_key"] = unquote(parts.username)
        options["secret_key"] = unquote(parts.password or "")
    if "endpoint" in query:
        options["endpoint_url"] = query["endpoint"]
    if "region" in query:
        options["region_name"] = query["region"]
    return options


def browser_origins(url: str) -> list[str]:
    """From where a browser fetches files by pre-signed addresses, for the page's own policy.

    boto3 puts the bucket into the host where it can, else into the path.
    """
    options = s3_options(url)
    bucket = options["bucket_name"]
    endpoint = urlsplit(options.get("endpoint_url", ""))
    if endpoint.hostname:
        return [
            f"{endpoint.scheme}://{endpoint.netloc}",
            f"{endpoint.scheme}://{bucket}.{endpoint.netloc}",
        ]
    hosts = [f"{bucket}.s3.amazonaws.com", "s3.amazonaws.com"]
    if region := options.get("region_name"):
        hosts += [f"{bucket}.s3.{region}.amazonaws.com", f"s3.{region}.amazonaws.com"]
    return [f"https://{host}" for host in hosts]


def delivery(wanted: str, storage_url: str) -> str:
    """How files reach a browser: ``direct``, ``accel`` or ``presigned``.

    Raises:
        ValueError: the word is unknown, or the files do not lie where that way begins.
    """
    if wanted not in ("direct", "accel", "presigned"):
        raise ValueError("EVIDENCE_DELIVERY is direct, accel or presigned.")
    if wanted == "accel" and storage_url:
        raise ValueError("EVIDENCE_DELIVERY=accel sends files from the disk: unset STORAGE_URL.")
    if wanted == "presigned" and not storage_url:
        raise ValueError("EVIDENCE_DELIVERY=presigned needs a bucket: set STORAGE_URL.")
    return wanted
