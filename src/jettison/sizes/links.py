"""Pages of links: a package index that speaks HTML (PEP 503), and what ``--find-links`` names."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

from jettison.sizes.record import NoAnswerError
from jettison.sizes.simple import MAX_FILES, File

_SHA256 = re.compile(r"sha256=([0-9a-f]{64})\b")


class _Links(HTMLParser):
    """Collects the anchors of a page, and its base."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.base = ""
        self.anchors: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a tag that matters."""
        found = {name: value or "" for name, value in attrs}
        if tag == "base" and not self.base:
            self.base = found.get("href", "")
        elif tag == "a" and found.get("href") and len(self.anchors) <= MAX_FILES:
            self.anchors.append(found)


def html_files(text: str, url: str) -> Iterator[File]:
    """Give the files that a page links to (PEP 503).

    Args:
        text: HTML.
        url: where it came from.

    Raises:
        NoAnswerError: it is no page of an index.
    """
    links = _Links()
    try:
        links.feed(text)
        links.close()
    except (AssertionError, ValueError) as error:
        raise NoAnswerError("a page of the index cannot be read as HTML") from error
    if not links.anchors and "<" not in text:
        raise NoAnswerError(f"what {urlsplit(url).hostname or 'the index'} answered is no page of an index")
    for anchor in links.anchors:
        link = anchor["href"].strip()
        try:
            at = urljoin(links.base, link) if links.base else link
            path, fragment = urlsplit(at).path, urlsplit(at).fragment
        except ValueError:
            continue
        digest = _SHA256.search(fragment)
        yield File(
            unquote(path.rpartition("/")[2]),
            at,
            requires=anchor.get("data-requires-python", ""),
            yanked="data-yanked" in anchor,
            metadata=bool(anchor.get("data-core-metadata") or anchor.get("data-dist-info-metadata")),
            sha256=digest[1] if digest else "",
        )
