"""The signature of a webhook: HMAC-SHA256 over id, time and body, as Standard Webhooks 1.0 has it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"
SHORTEST, SHORTEST_DECODED = 32, 24


def signing_key(secret: str) -> bytes:
    """The key that a secret stands for. Raises ValueError, which does not quote it, for one that can be guessed."""
    if not secret.startswith(PREFIX):
        if len(secret) < SHORTEST:
            raise ValueError(f"a secret has {SHORTEST} characters or more; 'openssl rand -hex 32' makes one")
        return secret.encode("utf-8")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"behind {PREFIX} stands base64") from None
    if len(key) < SHORTEST_DECODED:
        raise ValueError(f"behind {PREFIX} stand {SHORTEST_DECODED} bytes or more, in base64")
    return key


def signature(key: bytes, message_id: str, seconds: int, body: bytes) -> str:
    """The value of the header ``webhook-signature``; ``seconds`` are those of ``webhook-timestamp``, since 1970."""
    signed = b"%s.%d.%s" % (message_id.encode("ascii"), seconds, body)
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii")
