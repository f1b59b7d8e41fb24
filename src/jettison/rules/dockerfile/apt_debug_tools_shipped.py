"""Tools for people in an image for a service."""

import re
from collections.abc import Iterator

from jettison.rules.dockerfile.apt_mounts import apt_calls
from jettison.rules.dockerfile.bodies import text_of
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Claim, Example, Find, Rule

_TOOLS = {
    "vim": ("vim", "vi"),
    "vim-tiny": ("vim", "vi"),
    "vim-nox": ("vim", "vi"),
    "neovim": ("nvim",),
    "nano": ("nano",),
    "emacs": ("emacs",),
    "emacs-nox": ("emacs",),
    "htop": ("htop",),
    "iotop": ("iotop",),
    "iftop": ("iftop",),
    "nvtop": ("nvtop",),
    "atop": ("atop",),
    "ncdu": ("ncdu",),
    "mc": ("mc",),
    "tmux": ("tmux",),
    "screen": ("screen",),
    "tree": ("tree",),
    "net-tools": ("ifconfig", "netstat", "route", "arp"),
    "iputils-ping": ("ping",),
    "inetutils-ping": ("ping",),
    "telnet": ("telnet",),
    "traceroute": ("traceroute",),
    "tcpdump": ("tcpdump",),
    "strace": ("strace",),
    "ltrace": ("ltrace",),
    "gdb": ("gdb",),
    "man-db": ("man",),
    "zsh": ("zsh",),
    "fish": ("fish",),
    "byobu": ("byobu",),
}
"""Packages, and the programs that a recipe would call if it needed them. curl and wget are not in it: scripts of the
service call them where no rule sees it."""


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        if site.stage not in case.shipped or _training(case, site):
            continue
        calls = [call for call in apt_calls(site, "install") if call.command.plain or call.command.inside]
        names = [word.value for call in calls for word in call.operands if word.value in _TOOLS]
        unused = tuple(name for name in names if name and not _used(case, name))
        purged = any(call.action in ("purge", "remove") for call in apt_calls(site))
        if unused and not purged:
            yield Find(
                f"{', '.join(unused)}: for people at a terminal, and nothing in this recipe calls them",
                calls[0].command.span,
                claims=(Claim("debs", unused, base=case.image(site.stage) or ""),),
            )


def _training(case: Case, site: Site) -> bool:
    """Whether people work in the container: a notebook, an ssh server, an editor's server."""
    del site
    return any(
        re.search(r"\bjupyter|openssh-server|code-server|devcontainer", text_of(case, each)) for each in case.sites
    )


def _used(case: Case, name: str) -> bool:
    programs = _TOOLS[name]
    for site in case.sites:
        if site.instruction.name in ("CMD", "ENTRYPOINT", "HEALTHCHECK", "ENV"):
            if any(re.search(rf"\b{program}\b", text_of(case, site)) for program in programs):
                return True
        elif site.script and any(command.name in programs for command in site.script.commands):
            return True
    return False


APT_DEBUG_TOOLS_SHIPPED = Rule(
    name="apt-debug-tools-shipped",
    title="editors and monitors in the image",
    severity="low",
    confidence="medium",
    why="An editor or a monitor in a service's image is pulled by every node and used on none; it is also what an "
    "intruder would like to find. Keep them in a stage for debugging, built with `--target`, or attach a debug "
    "container. Nothing is said where the recipe itself calls the tool, or sets up a notebook or an ssh server.",
    sources=("Kubernetes' documentation, ephemeral containers",),
    check=_check,
    fixes="none",
    bad=(Example("FROM debian:12\nRUN apt-get update && apt-get install -y vim htop libgomp1\n"),),
    good=(
        Example("FROM debian:12\nRUN apt-get update && apt-get install -y curl libgomp1\n"),
        Example("FROM debian:12\nRUN apt-get install -y net-tools\nHEALTHCHECK CMD netstat -ltn | grep 80\n"),
        Example("FROM debian:12\nRUN apt-get install -y vim\nRUN pip install jupyterlab\n"),
        Example("FROM debian:12 AS dev\nRUN apt-get install -y vim\nFROM debian:12\nCOPY --from=dev /a /a\n"),
    ),
)
