"""What registries say about tokens (Docker's "Token Authentication Specification"); both readers take anything."""

import json
import re

_FIELD = re.compile(r'([a-z]+)="([^"\\]{0,1000})"')
_TOKEN = re.compile(r"[\x21-\x7e]{1,16000}\Z")
TOKEN_LIMIT = 1_000_000  # bytes of a server's answer


def read_challenge(header: str) -> tuple[str, dict[str, str]]:
    """Return the scheme of a WWW-Authenticate header, in lower case, and its fields (RFC 9110, 11.6.1)."""
    kind, _, rest = header.partition(" ")
    return kind.lower(), dict(_FIELD.findall(rest))


def read_token(raw: bytes) -> str:
    """Return the token in the answer of a server of tokens; empty when there is none that can be sent."""
    try:
        document = json.loads(raw)
        token = document.get("token") or document["access_token"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
    return token if isinstance(token, str) and _TOKEN.match(token) else ""
