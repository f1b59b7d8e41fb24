"""Scripts from the network that run unseen."""

from collections.abc import Iterator

from jettison.dockerfile.shell.record import Command
from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Example, Find, Rule

_SHELLS = regex(r"(?:ba|da|a|z|k)?sh|python[\d.]*|perl|ruby|node")


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        if site.stage not in case.built or site.script is None:
            continue
        for call in site.calls:
            if call.tool in ("curl", "wget") and (shell := _runs(site, call)):
                yield Find(
                    f"{shell} runs what {call.tool} fetches, whatever it is that day, half of it included",
                    call.command.span,
                )


def _runs(site: Site, call: Call) -> str:
    """Return the interpreter that a download is piped into, or given to as text; empty when there is none."""
    assert site.script is not None  # noqa: S101 -- the site has a body
    command = call.command
    for other in site.script.commands:
        around = other.span[0] < command.span[0] and command.span[1] <= other.span[1]
        if around and "substitution" in command.inside and _SHELLS.fullmatch(_program(other)):
            return _program(other)
    if "pipeline" not in command.inside:
        return ""
    behind = [other for other in site.script.commands if other.span[0] > command.span[0]]
    for other in behind:
        if other.joiner not in ("|", "|&"):
            return ""
        if _SHELLS.fullmatch(_program(other)) and _reads_script(other):
            return _program(other)
    return ""


def _program(command: Command) -> str:
    """Return what a command runs, ``sudo`` and assignments in front of it left out."""
    words = [word.value or "" for word in command.words]
    while words and (words[0] in ("sudo", "env", "exec") or words[0].startswith("-") or "=" in words[0]):
        words = words[1:]
    return words[0].rpartition("/")[2] if words else ""


def _reads_script(command: Command) -> bool:
    """Whether an interpreter reads its program from the pipe: no file, and no ``-c``, is named."""
    names = [word.text for word in command.words]
    at = next((at for at, name in enumerate(names) if _SHELLS.fullmatch(name.rpartition("/")[2])), 0)
    rest = names[at + 1 :]
    return not rest or (rest[0] not in ("-c", "-m") and (rest[0].startswith("-")))


CURL_PIPE_SHELL = Rule(
    name="curl-pipe-shell",
    title="a script from the network runs unseen",
    severity="medium",
    confidence="high",
    why="Nobody knows what ran: the script may be another one tomorrow, and a connection that breaks runs the half "
    "that came. Without `pipefail` a failed download gives an empty script, and the build goes on without the "
    "program. Fetch the release itself and check its sum, or copy the program from its image (`COPY --from=`).",
    sources=("SLSA, threats: use of a compromised dependency",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM debian\nRUN curl -LsSf https://example.org/install.sh | sh\n"),
        Example("FROM debian\nRUN wget -qO- https://example.org/setup_20.x | sudo -E bash -\n"),
        Example('FROM debian\nRUN bash -c "$(curl -fsSL https://example.org/install.sh)"\n'),
        Example("FROM debian\nRUN curl -sSL https://example.org/install.py | python3 -\n"),
    ),
    good=(
        Example("FROM debian\nRUN curl -fsSL https://example.org/a.tar.gz | tar xz\n"),
        Example("FROM debian\nRUN curl -fs https://example.org/a.json | python3 -m json.tool\n"),
        Example("FROM debian\nRUN curl -fsSL https://example.org/key | gpg --dearmor > /k.gpg && sh ./build.sh\n"),
    ),
)
