"""Secrets in the words of a command."""

import re
from collections.abc import Iterator

from jettison.regex import regex
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Rule
from jettison.rules.dockerfile.secrets import in_address, known_token

_OPTIONS = {
    "hf": ("--token",),
    "wget": ("--password", "--http-password", "--ftp-password"),
    "curl": ("-u", "--user", "--oauth2-bearer"),
}
_HEADER = regex(r"(?:authorization|private-token|x-api-key)\s*:\s*\S*\s*\S+", re.IGNORECASE)
_VARIABLE = regex(r"\$\{?(\w+)")


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"):
        if site.stage not in case.built:
            continue
        text = case.recipe.text[site.instruction.span[0] : site.instruction.span[1]]
        if what := known_token(text):
            yield Find(f"{what} stands in this command: it is in the image's history", site.instruction.span)
        elif found := _secret(site, text):
            literal = "$" not in found
            if literal or _argument(site, found):
                how = "stands in this command" if literal else f"comes into this command as {found}"
                yield Find(
                    f"a password or token {how}: it is in the image's history",
                    site.instruction.span,
                    severity="high" if literal else "medium",
                )


def _secret(site: Site, text: str) -> str:
    """Return the secret in an instruction, as written; empty when there is none."""
    if found := in_address(text):
        return found
    for call in site.calls:
        for name in _OPTIONS.get(call.tool, ()):
            option = call.option(name)
            if option and option.value and (call.tool != "curl" or ":" in option.value.text or name != "-u"):
                return option.value.text.strip("\"'")
        if call.tool == "curl":
            for option in call.options:
                if option.name in ("-H", "--header") and option.value and _HEADER.search(option.value.text):
                    return option.value.text.strip("\"'")
    return ""


def _argument(site: Site, found: str) -> bool:
    """Whether a variable is one of the recipe's: those that a body reads from a secret mount are in no history."""
    names = _VARIABLE.findall(found)
    return any(name in site.state.variables for name in names) and not any(
        "type=secret" in (flag.value or "") for flag in site.instruction.flags_named("mount")
    )


SECRET_IN_COMMAND = Rule(
    name="secret-in-command",
    title="a secret in a command",
    severity="high",
    confidence="high",
    why="Every RUN is written into the image's history with its text, and with the build arguments that it may "
    "use: a token in it can be read by all who pull the image, also when the files it fetched are removed. `RUN "
    "--mount=type=secret,id=token …$(cat /run/secrets/token)` leaves no trace; for git, `--mount=type=ssh` does.",
    sources=("OCI image specification, config: history", "Dockerfile reference, RUN --mount=type=secret"),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM debian\nRUN git clone https://me:s3cr3t-word@example.org/a/b.git\n"),
        Example("FROM debian\nARG TOKEN\nRUN git clone https://${TOKEN}@example.org/a/b.git\n"),
        Example("FROM python:3.11\nRUN huggingface-cli login --token hf_abcdefghijklmnopqrstuvwxyz0123456789\n"),
        Example('FROM debian\nARG KEY\nRUN curl -H "Authorization: Bearer $KEY" -fO https://example.org/a\n'),
    ),
    good=(
        Example("FROM debian\nRUN git clone git@example.org:a/b.git && git clone ssh://git@example.org/a/c.git\n"),
        Example(
            "FROM debian\nRUN --mount=type=secret,id=t TOKEN=$(cat /run/secrets/t) && git clone https://$TOKEN@example.org/a\n"
        ),
        Example("FROM python:3.11\nRUN huggingface-cli download a/b && pip install a@https://example.org/a.whl\n"),
        Example('FROM debian\nRUN curl -H "Accept: application/json" -fO https://example.org/a\n'),
    ),
)
