"""A service without a shell: what its runtime stage has, copied onto an image that has libc and little else.

The runtime stage stays as it is, and is not shipped. A stage after it gathers what the interpreter and the
distributions need: the interpreter itself, and every shared library that one of their files names, asked of the loader
(``ldd``) where all of it is installed. So nothing has to be known of the interpreter that a distroless image of Python
has: it is of another version at another path (3.11 at /usr/bin in Debian 12's, no longer built; 3.13 in Debian 13's).
"""

import re
from collections.abc import Iterator

from jettison.plan.dockerfile.layout import RUNTIME, VENV, Work
from jettison.plan.dockerfile.rewrite_record import Choice, NewStage, Piece, Refusal, Split

RELEASES = {"bookworm": "gcr.io/distroless/cc-debian12", "trixie": "gcr.io/distroless/cc-debian13"}
"""By release of Debian the image with its libc, libssl, libstdc++ and libgomp (distroless, image contents)."""
NAME = "distroless"
GATHERED = "gathered"
_CONFIG = (
    *("ARG", "ENV", "LABEL", "WORKDIR", "EXPOSE", "VOLUME", "STOPSIGNAL", "USER"),
    *("HEALTHCHECK", "ENTRYPOINT", "CMD"),
)
_SHELLS = ("sh", "bash", "dash", "ash", "/bin/sh", "/bin/bash", "/usr/bin/env")
_PLACE = re.compile(r"(?:/[\w.@+-]+)+")
_THERE = ("/bin", "/sbin", "/usr/bin", "/usr/local/bin", "/tmp")  # noqa: S108 -- names inside images


def distroless_of(work: Work, split: Split) -> Split | tuple[Refusal, ...]:
    """Return a split with stages behind its runtime stage that make it distroless; or why that cannot be.

    Args:
        work: what the split was made from.
        split: its last stage is the runtime stage.
    """
    if found := tuple(_against(work, split)):
        return found
    runtime, shipped = split.stages[-1], RELEASES[_release(work)]
    gathered = NewStage(
        GATHERED, (Piece(_gathering(_places(work)), None, "added", "the interpreter and what is linked"),)
    )
    final = NewStage(NAME, tuple(_final(work, runtime, shipped)))
    lost = f"no shell and no package manager: look into it by kubectl debug, or build with --target {RUNTIME}"
    choice = Choice("shipped on", shipped, ("libc and what it brings are of the builder's release", lost))
    return Split(split.head, (*split.stages, gathered, final), split.dropped, (*split.choices, choice))


def _release(work: Work) -> str:
    return next((name for name in RELEASES if name in work.base.tag), "")


def _against(work: Work, split: Split) -> Iterator[Refusal]:
    """Give what speaks against it: whatever a shell, another program or another place would be needed for."""
    if work.base.family != "python" or not _release(work):
        why = f"line {work.start.line}: libc must be the same, and {work.base.image} does not say which Debian it is"
        yield Refusal(why, f"name its release ({', '.join(RELEASES)}): python:3.12-slim-bookworm")
    for piece in split.stages[-1].pieces:
        if piece.origin is None:
            continue
        instruction = work.case.recipe.instructions[piece.origin]
        if instruction.name in ("CMD", "ENTRYPOINT", "HEALTHCHECK") and _needs_shell(piece.text):
            yield Refusal(f"line {instruction.line}: {instruction.name} needs a shell", "write it in exec form")
        if any(part.kind in ("other", "os-whole") for part in work.parts.get(piece.origin, ())):
            why = f"line {instruction.line}: what it makes, and where, is not known"
            yield Refusal(why, "make it in the service's folder, and copy it")
    if work.facts.programs:
        why = f"the code starts {', '.join(sorted(work.facts.programs))}"
        yield Refusal(why, "call a library instead, or keep a base with programs")
    if work.facts.compiles:
        yield Refusal(work.facts.compiles[0], "compile ahead of time, or keep a base with a compiler")


def _needs_shell(text: str) -> bool:
    """Whether a CMD, ENTRYPOINT or HEALTHCHECK is run by a shell, or is a script for one."""
    first = re.match(r'\s*"([^"]*)"', text.partition("[")[2])
    return not first or first[1] in _SHELLS or first[1].endswith(".sh")


def _gathering(places: list[str]) -> str:
    """Return the stage that gathers; ``/lib`` is a link to ``/usr/lib`` in both releases, and stays one."""
    folders = " ".join(place.removeprefix("/") for place in (VENV, *places))
    found = f"find {folders} \"$library\" -type f -name '*.so*' -exec ldd {{}} +"
    names = "awk '$2 == \"=>\" && $3 ~ /^\\// { print $3 }'"
    libc = r"/(ld-linux|lib(c|m|dl|pthread|rt|resolv|nss_[a-z]+)\.)"
    return (
        f"FROM {RUNTIME} AS {GATHERED}\nUSER root\nWORKDIR /\n"
        'RUN set -eu; python=$(readlink -f /usr/local/bin/python3); library="usr/local/lib/${python##*/}"; \\\n'
        '    mkdir gathered; cp -a --parents usr/local/bin/python* "$library" etc/passwd etc/group gathered; \\\n'
        f'    {{ ldd "$python"; {found} 2>/dev/null || true; }} \\\n    | {names} | sort -u \\\n'
        f"    | sed 's|^/lib/|/usr/lib/|; s|^/||' | grep -vE '{libc}|^{VENV[1:]}/' \\\n"
        "    | xargs -r cp -L --parents -t gathered\n"
    )


def _final(work: Work, runtime: NewStage, shipped: str) -> Iterator[Piece]:
    """Give the shipped stage: what was gathered, the service, and how it runs."""
    texts = [piece.text for piece in runtime.pieces]
    homes = [home for text in texts for home in re.findall(r"^ENV HOME=(\S+)$", text, re.MULTILINE)]
    users = [match[1] for text in texts if (match := re.fullmatch(r"USER (\d+:\d+)\n", text))]
    owner = f" --chown={users[-1]}" if users else ""
    copies = [f"COPY --from={RUNTIME}{owner} {place} {place}\n" for place in (*homes, *_places(work))]
    head = f"FROM {shipped} AS {NAME}\nCOPY --from={GATHERED} /gathered/ /\nCOPY --from={RUNTIME} {VENV} {VENV}\n"
    yield Piece(head + "".join(copies), None, "added", "what is shipped")
    for piece in runtime.pieces:
        keyword = re.sub(r"\A(?:[ \t]*#[^\n]*\n)*", "", piece.text).split(None, 1)[0].upper()
        if keyword in _CONFIG:
            yield piece
        elif piece.origin is None:
            for line in re.findall(r"^ENV .*\n", piece.text, re.MULTILINE):
                yield Piece(line, None, "added", piece.reason)


def _places(work: Work) -> list[str]:
    """Return the folders that hold the service: its own, and those that files are copied to; none lies in another."""
    found = [work.case.scopes.stages[-1].end.workdir or ""]
    for site in work.case.named("COPY", "ADD"):
        to = site.instruction.args[-1] if site.instruction.args else ""
        place = to if to.startswith("/") else f"{site.state.workdir or ''}/{to}"
        found.append(re.sub(r"/\.?(?=/|$)", "", place))
    kept: list[str] = []
    for place in sorted({place for place in found if _PLACE.fullmatch(place)}):
        if not any(f"{place}/".startswith(f"{other}/") for other in (*kept, *_THERE)):
            kept.append(place)
    return kept
