"""As whom the service runs: as the recipe says, else as a user without rights, where nothing seen needs root."""

from collections.abc import Iterator

from jettison.plan.dockerfile.layout import Work
from jettison.plan.dockerfile.rewrite_record import Choice, Piece

UID = 10001
"""Above the range that distributions give to people and services; numeric, so that runAsNonRoot can check it."""
NAME = "app"
_PRIVILEGED = 1024  # ports below it need rights
_RUNNING = ("CMD", "ENTRYPOINT", "HEALTHCHECK", "ENV", "VOLUME")
_READERS = frozenset(["curl", "wget", "hf", "tar", "unzip", "mkdir", "mv", "rm", "ln", "chmod", "echo", "cp"])


def choose_user(work: Work) -> tuple[bool, Choice]:
    """Return whether a user without rights is made, and why."""
    named = [site.instruction for site in work.case.named("USER")]
    if named:
        return False, Choice("user", named[-1].args[0], (f"line {named[-1].line} names it",))
    against = tuple(_against(work))
    if against:
        return False, Choice("user", "root", against)
    return True, Choice("user", str(UID), ("nothing seen needs root; its home and caches can be written",))


def _against(work: Work) -> Iterator[str]:
    """Give what is seen that may need root."""
    yield from work.facts.home
    for site in work.case.named("EXPOSE"):
        for port in (word.partition("/")[0] for word in site.instruction.args):
            if not port.isdecimal() or int(port) < _PRIVILEGED:
                yield f"line {site.instruction.line}: port {port} may need rights"
    for site in work.case.sites:
        instruction = site.instruction
        if (
            instruction.name in ("CMD", "ENTRYPOINT", "HEALTHCHECK", "ENV", "VOLUME")
            and "/root" in instruction.body.text
        ):
            yield f"line {instruction.line}: it names root's home"
        if instruction.name == "RUN" and any(part.kind == "other" for part in work.parts[work.at(instruction)]):
            calls = {call.tool for call in site.calls}
            commands = len(site.script.commands) if site.script else 0
            if len(site.calls) < commands or not calls <= _READERS or "/root" in instruction.body.text:
                yield f"line {instruction.line}: who must be able to write what it makes is not known"


def user_pieces(folder: str | None) -> Iterator[Piece]:
    """Give the making of the user, and of the service's folder as its own."""
    own = f" \\\n    && install --directory --owner={UID} --group={UID} {folder}" if folder and folder != "/" else ""
    text = (
        f"RUN useradd --uid {UID} --user-group --create-home --no-log-init --shell /usr/sbin/nologin {NAME}{own}\n"
        f"ENV HOME=/home/{NAME}\n"
    )
    yield Piece(text, None, "added", "a user without rights, with a home that caches can be written to")


def owned(text: str) -> str:
    """Return COPY or ADD with the user as owner of what it stores."""
    keyword, rest = text.split(None, 1) if not text.startswith("#") else ("", text)
    if not keyword:
        lines = text.splitlines(keepends=True)
        at = next(at for at, line in enumerate(lines) if not line.lstrip().startswith("#"))
        return "".join([*lines[:at], owned("".join(lines[at:]))])
    return f"{keyword} --chown={UID}:{UID} {rest}"
