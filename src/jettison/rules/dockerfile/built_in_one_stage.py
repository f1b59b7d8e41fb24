"""Source that is compiled in the stage that is shipped."""

from collections.abc import Iterator

from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Rule

_BUILDERS = ("make", "cmake", "nvcc", "cargo")


def _check(case: Case) -> Iterator[Find]:
    if len(case.scopes.stages) != 1:
        return
    found = [(site, call) for site in case.named("RUN") for call in site.calls if _builds(call) and not _tidied(site)]
    if not found:
        return
    site, call = found[0]
    names = ", ".join(dict.fromkeys(" ".join(word.text for word in each.head[:2]) for _, each in found))
    yield Find(
        f"the only stage compiles ({names}) and is shipped: sources, objects and compilers stay in its layers; "
        "`jettison rewrite` splits it where that can be shown to be the same",
        call.command.span if call.command.plain else site.instruction.span,
        confidence="low" if all(each.tool == "make" for _, each in found) else None,
    )


def _builds(call: Call) -> bool:
    if call.tool == "setup.py":
        return call.action in ("install", "build", "build_ext", "bdist_wheel", "develop")
    if call.tool == "make":
        return not any((word.value or "") in ("clean", "distclean") for word in call.operands)
    if call.tool == "cargo":
        return any((word.value or "") in ("build", "install") for word in call.operands)
    return call.tool in _BUILDERS and not call.has("--version")


def _tidied(site: Site) -> bool:
    """Whether the same body removes a tree that it worked in."""
    return any(call.tool == "rm" and call.has("-r", "-R", "--recursive") and _a_tree(call) for call in site.calls)


def _a_tree(call: Call) -> bool:
    return any(not word.text.startswith(("/var/lib/apt", "/var/cache", "/root/.cache")) for word in call.operands)


BUILT_IN_ONE_STAGE = Rule(
    name="built-in-one-stage",
    title="The only stage compiles, and is shipped",
    severity="medium",
    confidence="medium",
    why="What is compiled in the stage that is shipped leaves its sources, its objects and its compilers behind, and "
    "`rm` in a later layer takes nothing away. A builder stage is thrown away as a whole. `make` alone may do "
    "anything, so confidence is low then. A body that removes the tree "
    "it worked in is left alone, and so are files with several stages.",
    sources=("68 % of 148 public ML Dockerfiles have one stage",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM debian:bookworm\nCOPY . /src\nRUN cd /src && cmake -B build && make -C build install\n"),
        Example("FROM python:3.12\nCOPY . /src\nRUN python /src/setup.py install\n"),
    ),
    good=(
        Example("FROM debian:bookworm\nRUN git clone $X /s && make -C /s install && rm -rf /s\n"),
        Example("FROM debian:bookworm AS build\nRUN make\nFROM debian:bookworm-slim\nCOPY --from=build /a /a\n"),
        Example("FROM python:3.12-slim\nRUN pip install numpy\n"),
    ),
)
