"""What code asks of the machine that runs it: compilers at run time, a GPU, a display, commands; and what it is for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from jettison.dockerfile.project import signs
from jettison.dockerfile.project.facts import Code, CodeFile, Command, Guard, Import, Use
from jettison.dockerfile.project.text import Place

_PROVIDERS = "ExecutionProvider"
_FORCED_METHODS = frozenset({".cuda"})
MAX_EVIDENCE = 50


@dataclass(frozen=True, slots=True)
class Evidence:
    """One place that speaks for something.

    Attributes:
        what: the name seen there.
        place: where.
        guard: what stands around it.
    """

    what: str
    place: Place
    guard: Guard = ""


@dataclass(frozen=True, slots=True)
class JitNeed:
    """Something that compiles at run time.

    Attributes:
        name: of the library's part.
        needs: what must be there at run time; not what the library's own wheel brings.
        note: why.
        evidence: where it is used.
    """

    name: str
    needs: tuple[signs.Need, ...]
    note: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class GpuUse:
    """Whether the code needs a GPU.

    Attributes:
        verdict: ``required`` when it is used and nowhere asked for first, or a library without a CPU side is imported;
            ``optional`` when the code asks whether there is one, or also names the CPU; ``not seen`` says no more.
        forced: places that use one without asking.
        asked: places that ask, or leave the choice open.
    """

    verdict: Literal["required", "optional", "not seen"]
    forced: tuple[Evidence, ...] = ()
    asked: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the code is for, as far as it shows.

    Attributes:
        training: places that train.
        serving: places that serve or infer.
    """

    training: tuple[Evidence, ...]
    serving: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class SystemNeed:
    """A command or library of the operating system that the code uses.

    Attributes:
        name: of the command, without folders; or of the library (``libmagic.so.1``).
        evidence: where.
        probed: only looked for, so that it may be missing.
    """

    name: str
    evidence: tuple[Evidence, ...]
    probed: bool = False


def jit_needs(code: Code) -> tuple[JitNeed, ...]:
    """Return what compiles at run time, in the order of the table."""
    found = dict[str, list[Evidence]]()
    jits = {jit.name: jit for jit in (*signs.JITS, *signs.JIT_ARGUMENTS.values())}
    for file in code.files:
        for use in file.uses:
            if jit := _jit_of(use):
                found.setdefault(jit.name, []).append(Evidence(use.name, use.place, use.guard))
        for jit in signs.JITS:
            if jit.on_import:
                found.setdefault(jit.name, []).extend(_imports_of(file, jit.name))
    return tuple(
        JitNeed(jit.name, jit.needs, jit.note, _few(found[jit.name])) for jit in jits.values() if found.get(jit.name)
    )


def _jit_of(use: Use) -> signs.Jit | None:
    if use.name in signs.JIT_ARGUMENTS:
        return signs.JIT_ARGUMENTS[use.name]
    fits = [jit for jit in signs.JITS if _is_under(use.name, jit.name) and not jit.on_import]
    return max(fits, key=lambda jit: len(jit.name), default=None)


def _is_under(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.") or (prefix.endswith(".") and name.startswith(prefix))


def _any_under(name: str, prefixes: Iterable[str]) -> bool:
    return any(_is_under(name, prefix) for prefix in prefixes)


def _imports_of(file: CodeFile, top: str) -> Iterator[Evidence]:
    for item in file.imports:
        if item.module.partition(".")[0] == top and item.guard != "type-checking":
            yield Evidence(f"import {item.module}", item.place, item.guard)


def _few(items: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return the first pieces of evidence, those without a guard before the others, a line only once."""
    unique = {(item.what, item.place): item for item in items}
    return tuple(sorted(unique.values(), key=lambda item: item.guard != ""))[:MAX_EVIDENCE]


# --- GPU --------------------------------------------------------------------------------------------------------------


def gpu_use(code: Code) -> GpuUse:
    """Return whether the code needs a GPU."""
    forced, asked, hard = list[Evidence](), list[Evidence](), False
    for file in code.files:
        for use in file.uses:
            side = _gpu_side(use)
            if side:
                (forced if side == "forced" else asked).append(Evidence(use.name, use.place, use.guard))
        for item in file.imports:
            if item.module.partition(".")[0] in signs.GPU_ONLY and item.guard != "type-checking":
                open_ = item.guard in {"try", "function", "branch"}
                (asked if open_ else forced).append(Evidence(f"import {item.module}", item.place, item.guard))
                hard = hard or not open_
    verdict: Literal["required", "optional", "not seen"] = "optional" if asked or forced else "not seen"
    if hard or (forced and not asked):
        verdict = "required"
    return GpuUse(verdict, _few(forced), _few(asked))


def _gpu_side(use: Use) -> Literal["forced", "asked", ""]:
    if _any_under(use.name, signs.GPU_ASKED):
        return "asked"
    if any(text.endswith(_PROVIDERS) for text in use.texts):
        return _providers(use)
    if use.name in {"device_map=auto", "accelerator=auto"}:
        return "asked"
    is_device = use.name.startswith('"cuda') or any(use.name == f"{key}=cuda" for key in ("device_map", "accelerator"))
    if is_device or use.name in _FORCED_METHODS or use.name == "accelerator=gpu":
        return "asked" if use.checked else "forced"
    harmless = use.name in signs.GPU_HARMLESS or use.name.startswith("torch.cuda.amp")
    if _any_under(use.name, signs.GPU_FORCED) and not harmless:
        return "asked" if use.checked else "forced"
    return ""


def _providers(use: Use) -> Literal["forced", "asked", ""]:
    named = {text for text in use.texts if text.endswith(_PROVIDERS)}
    gpu = named & {f"{name}{_PROVIDERS}" for name in ("CUDA", "Tensorrt", "ROCM", "MIGraphX", "NvTensorRTRTX")}
    if not gpu:
        return ""
    return "asked" if use.checked or f"CPU{_PROVIDERS}" in named else "forced"


# --- the rest ---------------------------------------------------------------------------------------------------------


def windows(code: Code) -> tuple[Evidence, ...]:
    """Return where the code opens windows: OpenCV's and those of toolkits. None means that headless OpenCV will do."""
    return _few(
        item
        for file in code.files
        for item in (
            *(Evidence(use.name, use.place, use.guard) for use in file.uses if use.name in signs.WINDOWS),
            *(
                Evidence(f"import {item.module}", item.place, item.guard)
                for item in file.imports
                if item.module.partition(".")[0] in signs.DISPLAYS and item.guard != "type-checking"
            ),
        )
    )


def video(code: Code) -> tuple[Evidence, ...]:
    """Return where the code reads or writes video with OpenCV, which its headless wheels do as well."""
    return _few(
        Evidence(use.name, use.place, use.guard) for file in code.files for use in file.uses if use.name in signs.VIDEO
    )


def system_needs(code: Code) -> tuple[SystemNeed, ...]:
    """Return the commands and libraries of the operating system that the code uses, sorted by name."""
    found, sure = dict[str, list[Evidence]](), set[str]()
    for file in code.files:
        for command in file.commands:
            name = _command_name(command)
            found.setdefault(name, []).append(Evidence(" ".join(command.words)[:200], command.place, command.guard))
            if not command.probe:
                sure.add(name)
        for item in file.imports:
            for name in _system_of(item):
                found.setdefault(name, []).append(Evidence(f"import {item.module}", item.place, item.guard))
                if item.guard != "try":
                    sure.add(name)
    return tuple(SystemNeed(name, _few(found[name]), name not in sure) for name in sorted(found))


def _command_name(command: Command) -> str:
    words = list(command.words)
    while len(words) > 1 and words[0].rpartition("/")[2] in {"sudo", "env", "nohup", "time", "exec"}:
        words.pop(0)
    return words[0].rpartition("/")[2]


def _system_of(item: Import) -> tuple[str, ...]:
    return () if item.guard == "type-checking" else signs.SYSTEM.get(item.module.partition(".")[0], ())


def purpose(code: Code) -> Purpose:
    """Return what speaks for training and for serving."""
    training, serving = list[Evidence](), list[Evidence]()
    for file in code.files:
        for use in file.uses:
            seen = Evidence(use.name, use.place, use.guard)
            if use.name == ".backward" or _any_under(use.name, signs.TRAINS):
                training.append(seen)
            elif _any_under(use.name, signs.SERVES):
                serving.append(seen)
    return Purpose(_few(training), _few(serving))
