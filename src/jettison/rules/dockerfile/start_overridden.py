"""Several CMDs, ENTRYPOINTs or HEALTHCHECKs in a stage: only the last one counts."""

from collections.abc import Iterator

from jettison.dockerfile.edit import remove_instruction
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for stage in case.scopes.stages:
        for name in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
            found = [instruction for instruction in stage.instructions if instruction.name == name]
            for instruction in found[:-1]:
                fix = Fix("safe", (remove_instruction(instruction),), f"remove the {name} that does not count")
                message = f"this {name} has no effect: line {found[-1].line} has another one"
                yield Find(message, instruction.keyword_span, fix)


START_OVERRIDDEN = Rule(
    name="start-overridden",
    title="a CMD, ENTRYPOINT or HEALTHCHECK that a later one replaces",
    severity="medium",
    confidence="high",
    why="Of several CMDs, ENTRYPOINTs or HEALTHCHECKs in a stage only the last one counts. Whoever wrote two processes "
    "expected both to run.",
    sources=("Dockerfile reference, CMD", "BuildKit's check MultipleInstructionsDisallowed", "hadolint DL4003, DL4004"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            'FROM a\nCMD ["worker"]\n# the service\nCMD ["serve"]\n',
            'FROM a\n# the service\nCMD ["serve"]\n',
        ),
    ),
    good=(Example('FROM a AS b\nCMD ["x"]\nFROM b\nCMD ["y"]\n'),),
    aliases=("MultipleInstructionsDisallowed", "DL4003", "DL4004", "DL3012"),
)
