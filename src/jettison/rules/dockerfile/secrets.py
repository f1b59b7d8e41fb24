"""What a secret looks like: names of variables, forms of tokens, credentials in addresses, names of files."""

import re

from jettison.regex import regex

_TOKENS = (
    (r"hf_[A-Za-z0-9]{30,}", "a Hugging Face token"),
    (r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}", "an AWS access key"),
    (r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,}", "a GitHub token"),
    (r"glpat-[\w-]{20,}", "a GitLab token"),
    (r"sk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}", "an API key"),
    (r"xox[abprs]-[A-Za-z0-9-]{20,}", "a Slack token"),
    (r"AIza[0-9A-Za-z_-]{35}", "a Google API key"),
    (r"pypi-AgEI[A-Za-z0-9_-]{50,}", "a package index token"),
    (r"npm_[A-Za-z0-9]{36}", "an npm token"),
    (r"dckr_pat_[A-Za-z0-9_-]{20,}", "a registry token"),
    (r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY", "a private key"),
    (r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}", "a signed web token"),
)
_KNOWN = tuple((regex(rf"(?<![A-Za-z0-9_-])(?:{pattern})"), what) for pattern, what in _TOKENS)

_NAME = regex(r"(?:^|_)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)", re.IGNORECASE)
_HARMLESS_NAME = regex(
    r"(?:^|_)public(?:_|$)|_(?:FILE|PATH|DIR|ID|NAME|URL|URI|ENDPOINT|TYPE|LENGTH|SIZE|HEADER|MODE|METHOD|ENABLED|TTL|EXPIRY)$"
    r"|^(?:GPG|APT|SIGNING|HOST|SORT|PRIMARY|PARTITION|CACHE|DISPLAY)_KEY|^(?:EOS|BOS|PAD|MASK|SEP|CLS|UNK|NUM|MAX)_TOKEN|_GPG_KEY"
    r"|^(?:DISABLE|ENABLE|USE|NO|ALLOW|REQUIRE|SKIP)_",
    re.IGNORECASE,
)
_HARMLESS_VALUE = regex(
    r"|none|null|true|false|yes|no|on|off|\d{1,4}|/.*|\.{1,2}/.*|https?://[^@]*|x+|\*+|<.*>|\.{3}"
    r"|change[-_ ]?(?:me|this|it).*|your[-_ ].*|replace.*|placeholder|dummy|example|todo|empty|not[-_]set|basic|bearer",
    re.IGNORECASE,
)
_IN_ADDRESS = regex(r"\b[a-z][a-z0-9+.-]*://(?P<user>[^\s/@:'\"]*)(?::(?P<password>[^\s/@'\"]+))?@", re.IGNORECASE)
_FILE = regex(
    r"(?:^|/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|\.ssh|\.netrc|_netrc|\.pypirc|\.npmrc|\.git-credentials|\.aws|kaggle\.json"
    r"|\.docker/config\.json|kubeconfig|(?:gcp|gcloud|google|service)[-_\w]*(?:key|credentials?|account)[-_\w]*\.json"
    r"|credentials(?:\.json)?|application_default_credentials\.json|[\w.-]+\.(?:pfx|p12|keystore)|[\w.-]*private[\w.-]*\.(?:pem|key))/?$",
    re.IGNORECASE,
)


def known_token(text: str) -> str:
    """Return what kind of secret has its known form somewhere in ``text``; empty when none has."""
    return next((what for pattern, what in _KNOWN if pattern.search(text)), "")


def secret_name(name: str) -> bool:
    """Whether a variable's name says secret, as BuildKit's check SecretsUsedInArgOrEnv takes names apart."""
    return bool(_NAME.search(name)) and not _HARMLESS_NAME.search(name)


def secret_value(value: str) -> bool:
    """Whether a value may be a secret: not empty, no switch, no small number, no path, no placeholder."""
    return not _HARMLESS_VALUE.fullmatch(value.strip("\"' "))


def in_address(text: str) -> str:
    """Return the password or token that an address in ``text`` carries; empty when it has none.

    A user name alone counts only when it looks like a token or is a variable: ``git@`` and the like are no secret.
    """
    for match in _IN_ADDRESS.finditer(text):
        user, password = match["user"], match["password"] or ""
        if password and secret_value(password):
            return password
        if not password and (
            known_token(user) or (user.startswith("$") and re.search(r"token|pass|key|pat\b", user, re.IGNORECASE))
        ):
            return user
    return ""


def secret_file(path: str) -> bool:
    """Whether a file's name is that of a key or of credentials."""
    return bool(_FILE.search(path))
