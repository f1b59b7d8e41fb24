"""Which indexes pip would ask: its configuration files and environment, read as pip reads them.

Order (pip's documentation, "Configuration"): global, user, site, the file that PIP_CONFIG_FILE names, then PIP_*
variables; a later one replaces an earlier one, and a command's own section replaces ``[global]``.
"""

import configparser
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from jettison.sizes.cache import FOREVER, Answers
from jettison.sources.address import MAX_URL, path_of

MAX_FILE = 1_000_000
SECTIONS = ("global", "download", "install")
_DEFAULT = re.compile(r"--index-url <url>.*?\(default\s+(https?://[^\s)]+)\)", re.DOTALL)
_TRUE = frozenset({"1", "true", "yes", "on", "y", "t"})


@dataclass(frozen=True, slots=True)
class Index:
    """A place that offers distributions.

    Attributes:
        url: http, https or file.
        trusted: whether the user named it; see :mod:`jettison.sources.address`.
        flat: a find-links page or folder, which lists files of many projects; else a PEP 503 index.
    """

    url: str
    trusted: bool = True
    flat: bool = False


@dataclass(frozen=True, slots=True)
class Indexes:
    """What pip would ask, and how.

    Attributes:
        places: in order.
        constraints: constraint files, or addresses of such.
        pre: whether pre-releases count.
        ca: file of certificates.
        proxy: address of a proxy.
    """

    places: tuple[Index, ...] = ()
    constraints: tuple[str, ...] = ()
    pre: bool = False
    ca: str = ""
    proxy: str = ""


def config_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return pip's configuration files on this machine, least important first; whether they exist is not looked at."""
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return ()
    home = Path(environ.get("HOME") or Path.home())
    shared = [Path(folder) / "pip" for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":") if folder]
    own = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip"
    folders = [*shared, Path("/etc"), home / ".pip", own, Path(sys.prefix)]
    return (*(folder / "pip.conf" for folder in folders), *([Path(named)] if named else []))


def read_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return pip's settings as they hold for ``pip install``; files that cannot be read are passed over."""
    values: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for path in config_files(environ):
        parser = configparser.RawConfigParser()
        try:
            with open(path, encoding="utf-8") as file:
                parser.read_string(file.read(MAX_FILE))
        except (OSError, ValueError, configparser.Error):
            continue
        for section in SECTIONS:
            if parser.has_section(section):
                values[section] |= {_key(key): value for key, value in parser.items(section)}
    said = {name[4:]: value for name, value in environ.items() if name.startswith("PIP_") and value}
    found = {_key(name): value for name, value in said.items() if name != "CONFIG_FILE"}
    return {**values["global"], **values["download"], **values["install"], **found}


def _key(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")


def configured(environ: Mapping[str, str] | None = None) -> Indexes:
    """Return the indexes that pip on this machine asks.

    Where no index is configured, it is pip's own default, which pip's help says; without a pip there is then none.
    """
    settings = read_settings(os.environ if environ is None else environ)
    places = [Index(url, flat=True) for link in _words(settings, "find-links") if (url := _url(link))]
    if settings.get("no-index", "").lower() not in _TRUE:
        first = settings.get("index-url") or settings.get("pypi-url") or pip_default()
        pages = (_url(link) for link in [first, *_words(settings, "extra-index-url")] if link)
        places += [Index(url) for url in pages if url]
    return Indexes(
        tuple(dict.fromkeys(places)),
        tuple(_words(settings, "constraint")),
        settings.get("pre", "").lower() in _TRUE,
        settings.get("cert", ""),
        settings.get("proxy", ""),
    )


def _words(settings: Mapping[str, str], key: str) -> list[str]:
    return settings.get(key, "").split()


def _url(link: str, folder: Path | None = None) -> str:
    """Return an address: what is no address is a path, as in pip; nothing when it is neither."""
    try:
        if len(link) > MAX_URL or urlsplit(link).scheme in {"http", "https", "file"}:
            return link[:MAX_URL]
        return ((folder or Path()) / Path(link).expanduser()).absolute().as_uri()
    except (ValueError, RuntimeError):
        return ""


def pip_default(answers: Answers | None = None) -> str:
    """Return the index that this interpreter's pip asks when nobody says otherwise: its help says which.

    Empty where there is no pip, or it says none. Asking takes most of a second, so what one pip says is kept.
    """
    answers = answers or Answers()
    try:
        subject = f"{sys.executable} {version('pip')}"
    except PackageNotFoundError:
        return ""
    if (known := answers.get("pip-default", subject, FOREVER)) is not None:
        return known.body.decode(errors="replace")
    command = [sys.executable, "-m", "pip", "download", "--help", "--isolated"]
    env = {**os.environ, "COLUMNS": "400", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    try:
        done = subprocess.run(command, capture_output=True, env=env, timeout=30, check=False)  # noqa: S603 -- pip itself
    except (OSError, subprocess.SubprocessError):
        return ""
    match = _DEFAULT.search(done.stdout.decode(errors="replace"))
    said = match[1] if match else ""
    answers.put("pip-default", subject, said.encode())
    return said


def read_constraints(indexes: Indexes) -> tuple[str, ...]:
    """Return the lines of the configured constraint files on this machine; what cannot be read bounds nothing."""
    lines = list[str]()
    for path in indexes.constraints:
        try:
            with open(path_of(path) if path.startswith("file:") else path, encoding="utf-8") as file:
                lines += file.read(MAX_FILE).splitlines()
        except (OSError, ValueError):
            continue
    return tuple(plain for line in lines if (plain := line.partition("#")[0].strip()))


def named(base: Indexes, options: Iterable[tuple[str, str]], *, trusted: bool) -> Indexes:
    """Return indexes with options of a requirements file or a command line applied, as pip applies them.

    Args:
        base: those that are configured.
        options: such as ``("--index-url", "…")``; the last ``--index-url`` counts, others add; unknown ones are
            passed over.
        trusted: whether the user wrote them.
    """
    places, pre = list(base.places), base.pre
    for name, value in options:
        if name in {"-i", "--index-url", "--pypi-url"}:
            flat = [place for place in places if place.flat]
            extra = [place for place in places if not place.flat][1:]
            places = [*flat, Index(_url(value), trusted), *extra]
        elif name == "--extra-index-url":
            places.append(Index(_url(value), trusted))
        elif name in {"-f", "--find-links"}:
            places.append(Index(_url(value), trusted, flat=True))
        elif name == "--no-index":
            places = [place for place in places if place.flat]
        elif name == "--pre":
            pre = True
    known = {place.url for place in base.places}
    # An index that the user configured stays trusted where a file repeats it.
    kept = [replace(place, trusted=True) if place.url in known else place for place in places if place.url]
    return replace(base, places=tuple(dict.fromkeys(kept)), pre=pre)
