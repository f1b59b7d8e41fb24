"""What curl and wget fetch, and where they put it."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.places import folder_at, joined, text_of, value_of

_URL = regex(r"['\"]?(?:https?|ftp)://", re.IGNORECASE)
ARCHIVE = regex(
    r"\.(?:tar|tgz|tbz2?|txz|tar\.\w{1,4}|zip|7z|rar|gz|bz2|xz|zst|deb|rpm|apk|whl|jar|run|sh|bin|AppImage)$",
    re.IGNORECASE,
)
"""Names of archives, packages and installers."""


@dataclass(frozen=True, slots=True)
class Download:
    """A call of curl or wget.

    Attributes:
        site: its RUN.
        call: the call.
        url: as written, quotes included: the first one.
        name: the file's name; ``""``: written to standard output; None: not known.
        path: where it is put, absolute; None when that is not known, or nowhere.
    """

    site: Site
    call: Call
    url: str
    name: str | None
    path: str | None


def downloads(case: Case, site: Site) -> Iterator[Download]:
    """Give the downloads of a RUN that fetch one address each."""
    for call in site.calls:
        if call.tool not in ("curl", "wget"):
            continue
        urls = [word for word in call.operands if _URL.match(word.text) or (word.value is None and "$" in word.text)]
        if call.tool == "curl" and (option := call.option("--url")) and option.value:
            urls.append(option.value)
        if len(urls) != 1:
            continue
        name = _name(site, call, text_of(site, urls[0]))
        place = joined(folder_at(case, site, call.command), name) if name else None
        yield Download(site, call, urls[0].text, name, place)


def _name(site: Site, call: Call, url: str | None) -> str | None:
    """Return the file that a call writes, as it names it."""
    if call.command.redirects and any(
        redirect.operator in (">", ">>", ">|", "&>") for redirect in call.command.redirects
    ):
        return _redirected(site, call)
    output = call.option("-o", "--output") if call.tool == "curl" else call.option("-O", "--output-document")
    if output is not None:
        text = value_of(site, output)
        return "" if text in ("-", "/dev/stdout") else text
    if call.tool == "curl" and not call.has("-O", "--remote-name", "--remote-name-all"):
        return ""
    if call.has("-J", "--remote-header-name", "--content-disposition", "-i", "--input-file", "-r"):
        return None
    return _in_folder(site, call, _last_part(url))


def _redirected(site: Site, call: Call) -> str | None:
    for redirect in call.command.redirects:
        if redirect.operator in (">", ">>", ">|", "&>") and redirect.descriptor in ("", "1") and redirect.target:
            return text_of(site, redirect.target)
    return ""


def _last_part(url: str | None) -> str | None:
    if url is None:
        return None
    name = posixpath.basename(re.sub(r"^\w+://[^/]*", "", url))
    return name if re.fullmatch(r"[\w.+~-]+", name) else None


def _in_folder(site: Site, call: Call, name: str | None) -> str | None:
    option = call.option("-P", "--directory-prefix", "--output-dir")
    if option is None or name is None:
        return name
    folder = value_of(site, option)
    return posixpath.join(folder, name) if folder else None


def outside(url: str) -> bool:
    """Whether an address is of another machine: not of a server that the body started itself."""
    return not re.search(r"//(?:localhost|127\.|0\.0\.0\.0|\[::1\])", url)
