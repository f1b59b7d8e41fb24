"""Logins for registries, as Docker and Podman keep them: config.json, auth.json, and programs that keep secrets."""

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jettison.errors import MachineError, UsageError

_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_SECONDS = 30
_NOT_FOUND = "credentials not found"  # docker-credential-helpers, credentials/error.go


@dataclass(frozen=True, slots=True)
class Login:
    """Who somebody is to a registry.

    Attributes:
        user: name; empty with an identity token.
        secret: password or token.
        identity: whether the secret is an identity token, which is exchanged for tokens (OAuth 2's refresh token).
    """

    user: str
    secret: str = field(repr=False)
    identity: bool = False


def find_login(host: str, environ: Mapping[str, str] | None = None) -> Login | None:
    """Return the login for a registry, or None.

    Args:
        host: with its port, as images name it.
        environ: default the process's.

    Raises:
        UsageError: a file of logins is malformed.
        MachineError: the program that keeps the secret fails.
    """
    environ = os.environ if environ is None else environ
    for path in _files(environ):
        try:
            raw = path.read_bytes()
        except OSError:
            continue
        if login := _in_file(_load(raw, path), host, path):
            return login
    return None


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    home = Path(environ.get("HOME") or Path.home())
    if said := environ.get("REGISTRY_AUTH_FILE"):
        yield Path(said)
    yield Path(environ.get("DOCKER_CONFIG") or home / ".docker") / "config.json"
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime) / "containers" / "auth.json"
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "containers" / "auth.json"


def _load(raw: bytes, path: Path) -> dict[str, Any]:
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise UsageError(f"{path} is no JSON object", hint="mend it, or log in again")
    return document


def _in_file(document: dict[str, Any], host: str, path: Path) -> Login | None:
    helpers, auths = document.get("credHelpers"), document.get("auths")
    helper = helpers.get(host) if isinstance(helpers, dict) else None
    helper = helper or document.get("credsStore")
    if isinstance(helper, str) and helper and (login := _from_helper(helper, host, path)):
        return login
    for key, entry in auths.items() if isinstance(auths, dict) else ():
        if _host_of(str(key)) == host and isinstance(entry, dict) and (login := _from_entry(entry, path)):
            return login
    return None


def _host_of(key: str) -> str:
    """Return the host of a key, which older versions wrote as an address."""
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0]


def _from_entry(entry: dict[str, Any], path: Path) -> Login | None:
    if token := entry.get("identitytoken"):
        return Login("", str(token), identity=True)
    if not (auth := entry.get("auth")):
        return None
    try:
        user, colon, secret = base64.b64decode(str(auth), validate=True).decode().partition(":")
    except ValueError:
        colon = ""
    if not colon:
        raise UsageError(f"{path} holds an auth that is no name and password", hint="log in again")
    return Login(user, secret)


def _from_helper(helper: str, host: str, path: Path) -> Login | None:
    program = shutil.which(f"docker-credential-{helper}") if _HELPER.match(helper) else None
    if program is None:
        raise MachineError(f"{path} names docker-credential-{helper[:64]}, which is not on the PATH")
    try:
        done = subprocess.run(  # noqa: S603 -- the program that the user's own file names, without a shell
            [program, "get"], input=host, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MachineError(f"{program} does not answer") from error
    if done.returncode:
        if _NOT_FOUND in done.stdout:
            return None
        raise MachineError(f"{program} fails: {(done.stdout or done.stderr).strip()[:200]}")
    try:
        answer = json.loads(done.stdout)
        user, secret = str(answer["Username"]), str(answer["Secret"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MachineError(f"{program} answers with no name and secret") from error
    return Login("", secret, identity=True) if user == "<token>" else Login(user, secret)
