"""A health check that counts failures while the model loads."""

from collections.abc import Iterator

from jettison.dockerfile.edit import add_flag
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("HEALTHCHECK"):
        instruction = site.instruction
        if site.stage not in case.shipped or not instruction.args or instruction.args[0].upper() == "NONE":
            continue
        if instruction.flag("start-period") is None:
            fix = Fix("safe", (add_flag(instruction, "--start-period=60s"),), "give the service a minute to load")
            yield Find("failures count from the first second, while the model loads", instruction.keyword_span, fix)


HEALTHCHECK_WITHOUT_START_PERIOD = Rule(
    name="healthcheck-without-start-period",
    title="a health check without --start-period",
    severity="low",
    confidence="high",
    why="Without `--start-period` every failure counts from the start. A service that imports torch and loads a "
    "model is "
    "ready after 5 to 22 s (measured on small models), a large model takes minutes; with the defaults of 3 tries the "
    "container is unhealthy first. A success ends the period at once, so a generous one costs nothing.",
    sources=("Dockerfile reference, HEALTHCHECK", "time to ready of a detector: 12 to 22 s on a loaded machine"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            'FROM a\nHEALTHCHECK --interval=30s CMD ["check"]\n',
            'FROM a\nHEALTHCHECK --interval=30s --start-period=60s CMD ["check"]\n',
        ),
        Example("FROM a\nHEALTHCHECK CMD check\n", "FROM a\nHEALTHCHECK --start-period=60s CMD check\n"),
    ),
    good=(
        Example("FROM a\nHEALTHCHECK --start-period=5m CMD check\n"),
        Example("FROM a\nHEALTHCHECK NONE\n"),
    ),
)
