"""A change of folder that ends with its RUN."""

from collections.abc import Iterator

from jettison.dockerfile.edit import replace_instruction
from jettison.dockerfile.shell.record import Command
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        commands = site.script.commands if site.script else ()
        if site.stage in case.built and commands and _moves(commands[-1]):
            yield Find(
                "cd at the end of a RUN has no effect: the next instruction begins in the working directory again",
                commands[-1].span,
                _fix(case, site, commands),
            )


def _moves(command: Command) -> bool:
    two = 2  # cd FOLDER
    return command.name == "cd" and not command.inside and len(command.words) == two and command.words[1].text != "-"


def _fix(case: Case, site: Site, commands: tuple[Command, ...]) -> Fix | None:
    word = commands[-1].words[1]
    simple = site.editable and len(commands) == 1 and not site.instruction.heredocs and not site.instruction.flags
    if not simple or word.value is None or not word.whole or word.text.startswith("~"):
        return None
    if site.instruction.line != site.instruction.last_line or not word.value.startswith("/"):
        return None
    edit = replace_instruction(case.recipe, site.instruction, f"WORKDIR {word.text}")
    return Fix("unsafe", (edit,), "set the working directory")


CD_WITHOUT_WORKDIR = Rule(
    name="cd-without-workdir",
    title="cd at the end of a RUN",
    severity="medium",
    confidence="high",
    why="Every RUN starts a new shell in the working directory, so a `cd` with nothing behind it changes nothing; what "
    "follows was meant to run elsewhere. WORKDIR changes it for all that follow. The fix is marked unsafe, as it makes "
    "the next instructions run in that folder.",
    sources=("Dockerfile reference, RUN and WORKDIR",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example("FROM debian\nRUN cd /app\nRUN make\n", "FROM debian\nWORKDIR /app\nRUN make\n"),
        Example("FROM debian\nRUN mkdir /app && cd /app\nRUN make\n"),
    ),
    good=(
        Example("FROM debian\nRUN cd /app && make\n"),
        Example("FROM debian\nRUN cd /tmp && make install && cd -\n"),
        Example("FROM debian\nRUN (cd /app; make)\n"),
    ),
)
