"""dnf installs weak dependencies."""

from collections.abc import Iterator

from jettison.dockerfile.edit import insert_after
from jettison.rules.dockerfile.bodies import text_of
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule

_OPTION = "--setopt=install_weak_deps=False"


def _check(case: Case) -> Iterator[Find]:
    if any("install_weak_deps" in text_of(case, site) for site in case.named("RUN", "COPY")):
        return
    for site, call in case.calls("dnf", "install", "groupinstall"):
        word = call.head[-1]
        if site.stage in case.shipped and call.head[0].value in ("dnf", "dnf5") and call.operands:
            editable = site.editable and word.whole and call.command.plain
            yield Find(
                "dnf installs weak dependencies as well, which a service hardly ever needs",
                call.command.span,
                Fix("unsafe", (insert_after(word, _OPTION),), "install no weak dependencies") if editable else None,
            )


DNF_WEAK_DEPENDENCIES = Rule(
    name="dnf-weak-dependencies",
    title="dnf installs weak dependencies",
    severity="low",
    confidence="high",
    why="`dnf` installs what packages recommend unless `install_weak_deps` is off. `--nodocs` leaves documentation out "
    "as well. The fix is unsafe: something may rely on a recommended package that was never named. `yum` of release 7 "
    "knows no weak dependencies, and `microdnf` images turn them off.",
    sources=("dnf.conf(5), install_weak_deps",),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM fedora:40\nRUN dnf install -y git\n",
            "FROM fedora:40\nRUN dnf install --setopt=install_weak_deps=False -y git\n",
        ),
    ),
    good=(
        Example("FROM fedora:40\nRUN dnf install -y --setopt=install_weak_deps=0 git\n"),
        Example("FROM fedora:40\nRUN echo install_weak_deps=0 >> /etc/dnf/dnf.conf\nRUN dnf install -y git\n"),
        Example("FROM centos:7\nRUN yum install -y git\n"),
    ),
)
