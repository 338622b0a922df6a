"""AWS Signature Version 4 as the service checks it (SigV4 of Amazon S3, header form)."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})"
)
MAX_SKEW_SECONDS = 15 * 60


def fault_of(
    method: str, target: str, headers: Mapping[str, str], body: bytes, key: str, secret: str
) -> str | None:
    """The S3 error code of a request that is not signed as it should be; None for a good one.

    `headers` has lower-case names.
    """
    found = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None:
        return "AccessDenied"
    key_id, day, region, signed, signature = found.groups()
    if key_id != key:
        return "InvalidAccessKeyId"
    at = headers.get("x-amz-date", "")
    if not at.startswith(day) or "host" not in signed.split(";"):
        return "AccessDenied"
    sent = datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if abs((datetime.now(UTC) - sent).total_seconds()) > MAX_SKEW_SECONDS:
        return "RequestTimeTooSkewed"
    digest = headers.get("x-amz-content-sha256", "")
    if digest != hashlib.sha256(body).hexdigest():
        return "XAmzContentSHA256Mismatch"
    url = urlsplit(target)
    query = sorted(parse_qsl(url.query, keep_blank_values=True))
    canonical = "\n".join(
        [
            method,
            url.path,
            "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in query),
            *(f"{name}:{headers[name].strip()}" for name in signed.split(";")),
            "",
            signed,
            digest,
        ]
    )
    scope = f"{day}/{region}/s3/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashed}"
    derived = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        derived = hmac.digest(derived, part.encode(), "sha256")
    expected = hmac.new(derived, text.encode(), "sha256").hexdigest()
    return None if hmac.compare_digest(expected, signature) else "SignatureDoesNotMatch"
