"""Stages, and what holds at each instruction: user, working directory, shell, variables.

After the Dockerfile reference (scope of ARG and ENV) and BuildKit's ``dockerfile2llb``: an ARG before the first FROM
holds in FROM lines only; a stage takes over what its parent stage ended with; ENV wins over ARG of the same name.
"""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from e2b_dockerfile_utils import ShellLex

from jettison.dockerfile.record import Instruction, Recipe
from jettison.regex import regex

DEFAULT_SHELL = ("/bin/sh", "-c")
GIVEN_BY_BUILDER = (
    *(f"{side}{part}" for side in ("TARGET", "BUILD") for part in ("PLATFORM", "OS", "ARCH", "VARIANT")),
    *(f"{case}_proxy" for case in ("http", "https", "ftp", "no", "all")),
    *(f"{case}_PROXY" for case in ("HTTP", "HTTPS", "FTP", "NO", "ALL")),
)
"""Build arguments that exist without ARG (proxies) or get their value from the builder (platforms)."""

_NAMED = regex(r"\$\{?(\w+)")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the build.

    Attributes:
        value: None when it is not known before the build.
        kind: ``arg`` (the user may give another value) or ``env`` (stays in the image).
        open: whether a build argument has a say in the value: another build may have another one.
    """

    value: str | None
    kind: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What holds as an instruction begins.

    Attributes:
        user: what the last USER said; None: the base image's.
        workdir: absolute; None: the base image's, or not known.
        shell: what RUN's shell form is given to.
        variables: by name.
    """

    user: str | None = None
    workdir: str | None = None
    shell: tuple[str, ...] = DEFAULT_SHELL
    variables: Mapping[str, Variable] = field(default_factory=dict)

    def expand(self, text: str, escape: str = "\\") -> str | None:
        """Return ``text`` with quotes removed and variables replaced; None where one is not known."""
        return expand(text, self.variables, escape)

    def is_open(self, text: str) -> bool:
        """Return whether ``text`` names a variable that a build argument has a say in."""
        return is_open(text, self.variables)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage.

    Attributes:
        index: from 0.
        name: in lower case; empty when it has none.
        start: its FROM.
        base: the image or stage as written.
        image: the base image's name, variables replaced by their defaults; None for a parent stage, or not known.
        parent: index of the stage it is built from; None when an image is.
        platform: what ``--platform`` says.
        instructions: those behind FROM.
        states: for each of these what holds as it begins.
        end: what holds behind the last one.
    """

    index: int
    name: str
    start: Instruction
    base: str
    image: str | None
    parent: int | None
    platform: str | None
    instructions: tuple[Instruction, ...]
    states: tuple[State, ...]
    end: State


@dataclass(frozen=True, slots=True)
class Scopes:
    """The stages of a recipe.

    Attributes:
        stages: in order; the last is what a build without ``--target`` gives.
        arguments: ARGs before the first FROM.
    """

    stages: tuple[Stage, ...]
    arguments: Mapping[str, Variable]

    def find(self, name: str, before: int) -> int | None:
        """Return the index of the stage that ``name`` (or a number) means in stage ``before``."""
        for stage in reversed(self.stages[:before]):
            if stage.name and stage.name == name.lower():
                return stage.index
        return int(name) if name.isdecimal() and len(name) < 5 and int(name) < before else None  # noqa: PLR2004

    def root_image(self, stage: Stage) -> str | None:
        """Return the image at the bottom of a stage; None when it is not known."""
        while stage.parent is not None:
            stage = self.stages[stage.parent]
        return stage.image

    def lineage(self, index: int) -> tuple[Stage, ...]:
        """Return a stage and the stages it is built on, the oldest first."""
        found = [self.stages[index]]
        while (parent := found[0].parent) is not None:
            found.insert(0, self.stages[parent])
        return tuple(found)

    def needed(self, index: int) -> frozenset[int]:
        """Return the stages that building stage ``index`` builds, itself included."""
        found: set[int] = set()
        todo = [index]
        while todo:
            stage = self.stages[todo.pop()]
            if stage.index in found:
                continue
            found.add(stage.index)
            todo += [] if stage.parent is None else [stage.parent]
            for instruction in stage.instructions:
                names = sources_of(instruction)
                todo += [other for name in names if (other := self.find(name, stage.index)) is not None]
        return frozenset(found)


def sources_of(instruction: Instruction) -> tuple[str, ...]:
    """Return the stages or images that an instruction reads from: COPY ``--from``, and the mounts' ``from``."""
    found = [flag.value for flag in instruction.flags if flag.name == "from" and flag.value]
    for flag in instruction.flags_named("mount"):
        fields = (part.partition("=") for part in (flag.value or "").split(","))
        found += [value for name, _, value in fields if name == "from"]
    return tuple(found)


def expand(text: str, variables: Mapping[str, Variable], escape: str = "\\") -> str | None:
    """Return ``text`` with quotes removed and variables replaced, as BuildKit does; None where one is not known."""
    used = _Used({name: variable.value for name, variable in variables.items() if variable.value is not None})
    try:
        made = ShellLex(escape, env=used, skip_unset_env=False).process_word(text)
    except (ValueError, RecursionError):
        return None
    return None if used.missing else made


def is_open(text: str, variables: Mapping[str, Variable]) -> bool:
    """Return whether ``text`` names a variable that a build argument has a say in."""
    return any(name in variables and variables[name].open for name in _NAMED.findall(text))


class _Used(dict[str, str]):
    """Known variables, that remembers when an unknown one was asked for."""

    missing = False

    def get(self, name: str, default: object = None) -> str | None:  # type: ignore[override] # noqa: ARG002 -- dict's
        """Return a value; None and a note when there is none. ShellLex asks without a default."""
        if name not in self:
            self.missing = True
            return None
        return self[name]


def scopes_of(recipe: Recipe) -> Scopes:
    """Find the stages of a recipe and follow their variables."""
    before: dict[str, Variable] = {}
    groups: list[tuple[Instruction, list[Instruction]]] = []
    for instruction in recipe.instructions:
        if instruction.name == "FROM":
            groups.append((instruction, []))
        elif groups:
            groups[-1][1].append(instruction)
        elif instruction.name == "ARG":
            before.update(_arguments(instruction, before, {}, recipe.escape))
    made = Scopes((), before)
    for start, instructions in groups:
        made = Scopes((*made.stages, _stage(recipe, made, start, tuple(instructions))), before)
    return made


def _stage(recipe: Recipe, made: Scopes, start: Instruction, instructions: tuple[Instruction, ...]) -> Stage:
    index = len(made.stages)
    names = [word.text for word in start.words]
    base = names[0] if names else ""
    name = names[2].lower() if len(names) > 2 and names[1].lower() == "as" else ""  # noqa: PLR2004 -- FROM x AS y
    known = {**made.arguments, **{given: Variable(None, "arg", open=True) for given in GIVEN_BY_BUILDER}}
    image = expand(base, known, recipe.escape)
    parent = made.find(image, index) if image is not None and not image.isdecimal() else None
    state = made.stages[parent].end if parent is not None else State()
    states: list[State] = []
    for instruction in instructions:
        states.append(state)
        state = _after(state, instruction, made.arguments, recipe.escape)
    platform = start.flag("platform")
    found = None if parent is not None else image
    value = platform.value if platform else None
    return Stage(index, name, start, base, found, parent, value, instructions, tuple(states), state)


def _after(state: State, instruction: Instruction, outer: Mapping[str, Variable], escape: str) -> State:
    """Return what holds behind an instruction."""
    if instruction.name == "ENV":
        pairs = {name: _variable(state, value, escape) for name, value, _ in instruction.pairs()}
        return replace(state, variables={**state.variables, **pairs})
    if instruction.name == "ARG":
        return replace(state, variables={**state.variables, **_arguments(instruction, state.variables, outer, escape)})
    if instruction.name == "USER" and instruction.args:
        return replace(state, user=state.expand(instruction.args[0], escape) or instruction.args[0])
    if instruction.name == "WORKDIR" and instruction.args:
        return replace(state, workdir=_joined(state.workdir, state.expand(instruction.args[0], escape)))
    if instruction.name == "SHELL" and instruction.json and instruction.args:
        return replace(state, shell=instruction.args)
    return state


def _variable(state: State, value: str, escape: str) -> Variable:
    return Variable(state.expand(value, escape), "env", open=state.is_open(value))


def _joined(old: str | None, new: str | None) -> str | None:
    if new is None or (old is None and not new.startswith("/")):
        return None
    return posixpath.normpath(posixpath.join(old or "/", new))


def _arguments(
    instruction: Instruction, known: Mapping[str, Variable], outer: Mapping[str, Variable], escape: str
) -> dict[str, Variable]:
    """Return the variables that an ARG declares; ENV of the same name stays."""
    made: dict[str, Variable] = {}
    for name, value, word in instruction.pairs():
        seen = {**known, **made}
        if name in seen and seen[name].kind == "env":
            continue
        if "=" in word.text:
            made[name] = Variable(expand(value, seen, escape), "arg", open=True)
        else:
            made[name] = outer.get(name, Variable(None, "arg", open=True))
    return made
