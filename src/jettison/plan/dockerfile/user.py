"""As whom the service runs: as the recipe says, else as a user without rights, where nothing seen needs root."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.tools.calls import call_of
from jettison.plan.dockerfile.conda import is_profile
from jettison.plan.dockerfile.layout import Work
from jettison.plan.dockerfile.rewrite_record import Choice, Piece
from jettison.rules.dockerfile.case import Site

UID = 10001
"""Above the range that distributions give to people and services; numeric, so that runAsNonRoot can check it."""
_NAMES = ("app", "service", "jettison")
_PRIVILEGED = 1024  # ports below it need rights
_READERS = frozenset(["curl", "wget", "hf", "tar", "unzip", "mkdir", "mv", "rm", "ln", "chmod", "echo", "cp"])
_FOLDER = re.compile(r"(?:/[\w.-]+)+/?")
_CACHE_VARIABLES = re.compile(
    r"HF_HOME|HF_HUB_CACHE|TRANSFORMERS_CACHE|TORCH_HOME|XDG_CACHE_HOME|MPLCONFIGDIR|NUMBA_CACHE_DIR|TRITON_CACHE_DIR"
    r"|NLTK_DATA|SENTENCE_TRANSFORMERS_HOME|KERAS_HOME|TFHUB_CACHE_DIR|CUPY_CACHE_DIR|PIP_CACHE_DIR"
)


@dataclass(frozen=True, slots=True)
class User:
    """As whom the service runs.

    Attributes:
        name: of a user that the runtime stage makes; empty: none is made.
        owner: of the service's files, as ``--chown`` has it; empty: as the recipe says.
        origin: index of the RUN that makes the user in the recipe; None: the user is ours.
    """

    name: str = ""
    owner: str = ""
    origin: int | None = None


def choose_user(work: Work) -> tuple[User, Choice]:
    """Return as whom the service runs, and why."""
    named = [site.instruction for site in work.case.named("USER")]
    if named:
        return User(), Choice("user", named[-1].args[0], (f"line {named[-1].line} names it",))
    own = _prepared(work)
    against = tuple(_against(work, own))
    if against:
        return User(), Choice("user", "root", against)
    if own:
        why = f"the recipe makes this user in line {own[1].instruction.line}, and gives it the service's folder"
        return User(own[0], f"{own[0]}:{own[0]}", work.at(own[1].instruction)), Choice("user", own[0], (why,))
    taken = " ".join(work.text(site.instruction) for site in work.case.named("RUN"))
    name = next((each for each in _NAMES if not re.search(rf"\b{each}\b", taken)), f"user{UID}")
    why = "nothing seen needs root; its home and caches can be written"
    return User(name, f"{UID}:{UID}"), Choice("user", str(UID), (why,))


def _prepared(work: Work) -> tuple[str, Site] | None:
    """Return a user that a RUN makes and gives the service's folder to, doing nothing else; and that RUN."""
    for site in work.case.named("RUN"):
        commands = site.script.commands if site.script and not site.script.opaque else ()
        calls = [call_of(command) for command in commands]
        makes = [call for call in calls if call and call.tool in ("useradd", "adduser") and call.operands]
        gives = [call for call in calls if call and call.tool == "chown" and len(call.operands) > 1]
        if len(makes) != 1 or len(makes) + len(gives) != len(calls) or not all(each.plain for each in commands):
            continue
        name = makes[0].operands[0].value
        owners = {(call.operands[0].value or "").partition(":")[0] for call in gives}
        folders = {word.value for call in gives for word in call.operands[1:]}
        if name and owners == {name} and work.case.scopes.stages[-1].end.workdir in folders:
            return name, site
    return None


def _against(work: Work, own: tuple[str, Site] | None) -> Iterator[str]:
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
        if (own and site is own[1]) or is_profile(site):
            continue
        if instruction.name == "RUN" and any(part.kind == "other" for part in work.parts[work.at(instruction)]):
            calls = {call.tool for call in site.calls}
            commands = len(site.script.commands) if site.script else 0
            if len(site.calls) < commands or not calls <= _READERS or "/root" in instruction.body.text:
                yield f"line {instruction.line}: who must be able to write what it makes is not known"


def user_pieces(work: Work, user: User) -> Iterator[Piece]:
    """Give the making of the user, and of the folders that it writes to as its own."""
    folders = [folder for folder in dict.fromkeys(_written(work)) if _FOLDER.fullmatch(folder)]
    own, _, group = user.owner.partition(":")
    made = f" \\\n    && install --directory --owner={own} --group={group} {' '.join(folders)}" if folders else ""
    if user.origin is None:
        flags = f"--uid {UID} --user-group --create-home --no-log-init --shell /usr/sbin/nologin"
        text = f"RUN useradd {flags} {user.name}{made}\nENV HOME=/home/{user.name}\n"
        yield Piece(text, None, "added", "a user without rights, with a home that caches can be written to")
        return
    script = next(site.script for site in work.case.sites if work.at(site.instruction) == user.origin)
    assert script is not None  # noqa: S101 -- it made a user
    makes = next(command for command in script.commands if command.name in ("useradd", "adduser"))
    text = f"RUN {work.case.recipe.text[slice(*makes.span)]}{made}\n"
    yield Piece(text, user.origin, "changed", "before the files, which are the user's from the start")


def _written(work: Work) -> Iterator[str]:
    """Give the folders that the service may write to: its own, its volumes, and those of caches."""
    end = work.case.scopes.stages[-1].end
    if end.workdir:
        yield end.workdir
    for site in work.case.named("VOLUME"):
        yield from (site.state.expand(path) or "" for path in site.instruction.args if path.startswith("/"))
    for name, variable in end.variables.items():
        value = variable.value or ""
        if _CACHE_VARIABLES.fullmatch(name) and not value.startswith("/root"):
            yield value


def owned(text: str, user: User) -> str:
    """Return COPY or ADD with the user as owner of what it stores."""
    return with_flag(text, f"--chown={user.owner}")


def with_flag(text: str, flag: str) -> str:
    """Return an instruction with one more flag, the first; comments in front of it stay there."""
    keyword, rest = text.split(None, 1) if not text.startswith("#") else ("", text)
    if not keyword:
        lines = text.splitlines(keepends=True)
        at = next(at for at, line in enumerate(lines) if not line.lstrip().startswith("#"))
        return "".join([*lines[:at], with_flag("".join(lines[at:]), flag)])
    return f"{keyword} {flag} {rest}"
