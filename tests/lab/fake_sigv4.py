# SPDX-License-Identifier: MIT-0
"""AWS Signature Version 4 as a server checks it, and CRC-32C: for fake_s3.py."""
import base64
import calendar
import hashlib
import hmac
import re
import time
import urllib.parse

MAX_SKEW_S = 900
CREDENTIAL = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([^/,]+)/([^/,]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})")


class Refused(Exception):
    """A code of S3, and elements that its answer has besides."""

    def __init__(self, code, **elements):
        super().__init__(code)
        self.code, self.elements = code, elements


def _crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


CRC_TABLE = _crc_table()


def crc32c(data):
    """As x-amz-checksum-crc32c has it: base64 of the four bytes."""
    crc, table = 0xFFFFFFFF, CRC_TABLE
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return base64.b64encode((crc ^ 0xFFFFFFFF).to_bytes(4, "big")).decode()


def _encode(text):
    return urllib.parse.quote(text, safe="-_.~")


def _canonical_query(query):
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    return "&".join(sorted(f"{_encode(name)}={_encode(value)}" for name, value in pairs))


def _canonical_request(request, names):
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names)
    path = "/".join(_encode(urllib.parse.unquote(part)) for part in request.path.split("/"))
    return "\n".join([request.method, path, _canonical_query(request.query), headers,
                      ";".join(names), request.headers["x-amz-content-sha256"]])


def _signature(secret, scope, date, canonical):
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def _check_token(given, key, now_s):
    if key.get("token") and given != key["token"]:
        raise Refused("InvalidToken")
    if now_s > key.get("expires", now_s):
        raise Refused("ExpiredToken")


def _check_time(date, now_s):
    try:
        signed_s = calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise Refused("AccessDenied") from None
    if abs(signed_s - now_s) > MAX_SKEW_S:
        raise Refused("RequestTimeTooSkewed", RequestTime=date, MaxAllowedSkewMilliseconds=900000,
                      ServerTime=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_s)))


def check_head(request, keys, region, now_s):
    """Raise Refused unless the request is signed for this region, now, by one of the keys."""
    headers = request.headers
    match = CREDENTIAL.fullmatch(headers.get("authorization", ""))
    if not match:
        raise Refused("AuthorizationHeaderMalformed" if "authorization" in headers
                      else "AccessDenied")
    access_key, day, its_region, service, names, signature = match.groups()
    names, date = names.split(";"), headers.get("x-amz-date", "")
    if "x-amz-content-sha256" not in headers:
        raise Refused("MissingSecurityHeader")
    if access_key not in keys:
        raise Refused("InvalidAccessKeyId")
    if its_region != region or service != "s3" or day != date[:8]:
        raise Refused("AuthorizationHeaderMalformed", Region=region)
    unsigned = [name for name in headers if name.startswith("x-amz-") and name not in names]
    if unsigned or "host" not in names or sorted(names) != names:
        raise Refused("AccessDenied")
    _check_time(date, now_s)
    canonical = _canonical_request(request, names)
    scope = f"{day}/{region}/{service}/aws4_request"
    secret = keys[access_key]["secret"]
    if not hmac.compare_digest(signature, _signature(secret, scope, date, canonical)):
        raise Refused("SignatureDoesNotMatch")
    _check_token(headers.get("x-amz-security-token"), keys[access_key], now_s)


def check_body(request, body, tls):
    """Raise Refused unless the body is the one that was signed and summed."""
    said = request.headers["x-amz-content-sha256"]
    if said.startswith("STREAMING-") or (said == "UNSIGNED-PAYLOAD" and not tls):
        raise Refused("NotImplemented")
    if said not in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()):
        raise Refused("XAmzContentSHA256Mismatch")
    if request.headers.get("x-amz-checksum-crc32c", crc32c(body)) != crc32c(body):
        raise Refused("BadDigest")
