"""When a single-stage recipe is not split: whatever cannot be shown to give the same service."""

import re
from collections.abc import Iterator

from jettison.dockerfile.record import Instruction
from jettison.dockerfile.tools.record import Call
from jettison.plan.dockerfile.bypass import bypasses, other_starts
from jettison.plan.dockerfile.conda import conda_environment, is_profile
from jettison.plan.dockerfile.parts import Part
from jettison.plan.dockerfile.rewrite_record import Refusal, refused_at
from jettison.plan.dockerfile.runner import left_at_start
from jettison.rules.dockerfile.bases import Base, base_of
from jettison.rules.dockerfile.bodies import whole_body
from jettison.rules.dockerfile.case import Case

_FAMILIES = ("python", "debian", "ubuntu", "cuda", "pytorch")
_ELSEWHERE = ("--user", "--target", "-t", "--prefix", "--root", "--src")
_ROOT = ("root", "0", "0:0", "root:root")
_OUTSIDE = ("install", "ldconfig")
_VENV = re.compile(r"(?:\b(?:virtualenv|conda\s+activate|pyenv|source\s+\S*activate)|-m\s+venv)\b")


def refusals(case: Case, parts: tuple[Part, ...]) -> tuple[Refusal, ...]:
    """Return every reason for not splitting a recipe; none: it can be split."""
    stage = case.final
    if stage is None:
        return (Refusal("the file has no FROM", "give it a base image"),)
    if len(case.scopes.stages) > 1:
        return (Refusal("it has several stages already", "its stages are kept; only findings in them are mended"),)
    base = base_of(stage.image)
    if base is None:
        why = f"line {stage.start.line}: the base image {stage.base} depends on an ARG without a default"
        return (Refusal(why, "give the ARG a default value"),)
    if base.family == "conda":
        found = conda_environment(case)
        return (
            *((found,) if isinstance(found, Refusal) else ()),
            *_of_instructions(case),
            *other_starts(case),
            *_of_parts(parts, conda=True),
        )
    return (*_of_base(base, stage.start.line), *_of_instructions(case), *bypasses(case), *_of_parts(parts))


def _of_base(base: Base, line: int) -> Iterator[Refusal]:
    if base.family not in _FAMILIES or base.manager != "apt":
        known = "python, debian, ubuntu, nvidia/cuda and pytorch/pytorch images with apt"
        yield Refusal(f"line {line}: how {base.image} is built is not known", f"known are {known}")


def _of_instructions(case: Case) -> Iterator[Refusal]:
    for start in left_at_start(case):
        yield refused_at(start, "the container starts by a tool that installs", "start the program itself")
    for site in case.sites:
        instruction = site.instruction
        if instruction.name == "ONBUILD":
            yield refused_at(instruction, "ONBUILD means other recipes build on this one", "split those")
        if instruction.name == "RUN" and _VENV.search(whole_body(site)) and not is_profile(site):
            yield refused_at(instruction, "it makes or enters a virtual environment of its own", "install without one")
        if instruction.name in ("COPY", "ADD") and any("site-packages" in arg for arg in instruction.args):
            yield refused_at(instruction, "it copies into site-packages", "install it with pip")


def _of_parts(parts: tuple[Part, ...], *, conda: bool = False) -> Iterator[Refusal]:
    if not any(part.kind == "python" for part in parts):
        yield Refusal("nothing is installed with pip, uv, poetry, pipenv or pdm", "there is nothing to split off")
    for part in parts:
        if part.kind == "python":
            yield from _of_python(part, conda=conda)
        elif part.kind == "build" and (why := _writes_outside(part)):
            yield refused_at(part.site.instruction, why, "build it in a stage of its own, and copy what it makes")
        elif part.kind == "os-whole" and part.site.script is not None and part.site.script.opaque:
            why = f"packages are installed in a RUN that is not understood: {part.site.script.opaque}"
            yield refused_at(part.site.instruction, why, "install them with a plain apt-get install")


def _of_python(part: Part, *, conda: bool) -> Iterator[Refusal]:
    instruction = part.site.instruction
    if part.site.script is None or part.site.script.opaque:
        why = part.site.script.opaque if part.site.script else "it is in exec form"
        yield refused_at(
            instruction, f"distributions are installed in a RUN that is not understood: {why}", "make it plain"
        )
        return
    if part.site.state.user not in (None, *_ROOT):
        yield refused_at(
            instruction,
            f"distributions are installed as {part.site.state.user}, into a folder of that user",
            "install before USER",
        )
    for call in part.calls:
        if not (conda and call.tool == "conda"):  # what conda does was looked at as a whole
            yield from _of_call(instruction, call)


def _of_call(instruction: Instruction, call: Call) -> Iterator[Refusal]:
    if call.tool == "conda":
        yield refused_at(
            instruction, "conda installs into a base that is not its own", "start from continuumio/miniconda3"
        )
    elif found := next((name for name in _ELSEWHERE if call.tool in ("pip", "uv") and call.has(name)), None):
        yield refused_at(instruction, f"{found} installs into a folder of its own", f"install without {found}")
    head = call.head[0].text
    if head.startswith("/") and not head.startswith("/opt/venv/"):
        yield refused_at(instruction, f"{head} is a certain interpreter's", "name it without its folder")
    if call.tool == "uv" and call.has("--system", "--python", "-p"):
        yield refused_at(
            instruction, "uv is told which interpreter to install for", "install without --system and --python"
        )
    if "sudo" in call.wrappers:
        yield refused_at(instruction, "it installs through sudo", "install before USER, without sudo")


def _writes_outside(part: Part) -> str:
    """Say what a build writes outside the service's folder; empty when nothing is seen."""
    workdir = part.site.state.workdir
    script = part.site.script
    if script is None or script.opaque:
        return f"something is compiled in a RUN that is not understood: {script.opaque if script else 'exec form'}"
    if not workdir or workdir == "/":
        return "something is compiled, and no WORKDIR says where"
    for command in script.commands:
        texts = [word.text for word in command.words]
        if command.name == "ldconfig" or any(text in _OUTSIDE or text.startswith("--install") for text in texts[1:]):
            return f"`{' '.join(texts)[:60]}` writes outside {workdir}"
        if command.name in ("git", "curl", "wget", "tar", "unzip"):
            return f"something is fetched and compiled; what it writes is not known (`{' '.join(texts)[:60]}`)"
        if command.name == "cd" and texts[1:] and not texts[1].startswith((workdir, ".")):
            return f"something is compiled in {texts[1]}, outside {workdir}"
    return ""
