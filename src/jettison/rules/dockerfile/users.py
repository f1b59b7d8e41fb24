"""As whom a RUN runs: name, home, numbers.

Sources: the Dockerfile reference (USER), moby's ``oci.WithUser`` (HOME is the passwd file's unless the image sets it),
``useradd(8)``, ``adduser(8)``, and the Dockerfiles of the images in the table.
"""

from dataclasses import dataclass, replace

from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.case import Case, Site

_ROOT = ("root", "0")


@dataclass(frozen=True, slots=True)
class Who:
    """A user.

    Attributes:
        name: or number, as a string; None: not known.
        home: absolute; None: not known.
        uid: None: not known.
        gid: None: not known.
    """

    name: str | None = None
    home: str | None = None
    uid: str | None = None
    gid: str | None = None

    @property
    def root(self) -> bool | None:
        """Whether it is root; None: not known."""
        return None if self.name is None else self.name in _ROOT


ROOT = Who("root", "/root", "0", "0")
_KNOWN = {
    "jovyan": Who("jovyan", "/home/jovyan", "1000", "100"),
    "mambauser": Who("mambauser", "/home/mambauser", "57439", "57439"),
    "nonroot": Who("nonroot", "/home/nonroot", "65532", "65532"),
    "nobody": Who("nobody", None, "65534", "65534"),
}


def who(case: Case, site: Site) -> Who:
    """Return as whom the commands of a RUN run, ``sudo`` aside."""
    written = site.state.user
    if written is None:
        base = base_of(case.image(site.stage))
        written = base.user if base else None
    if not written or "$" in written:
        return Who()
    name, _, group = written.partition(":")
    found = ROOT if name in _ROOT else _made(case, site, name)
    if group.isdecimal():
        found = replace(found, gid=group)
    home = site.state.variables.get("HOME")
    return replace(found, home=home.value) if home else found


def _made(case: Case, site: Site, name: str) -> Who:
    """Return a user that the recipe makes; one that it does not, by the table."""
    lineage = [stage.index for stage in case.scopes.lineage(site.stage)]
    found = _KNOWN.get(name, Who(name, None, name if name.isdecimal() else None))
    for other in case.sites:
        if other.stage in lineage and other.instruction.span < site.instruction.span:
            for call in other.calls:
                if call.tool in ("useradd", "adduser") and call.operands and call.operands[0].value == name:
                    found = _from_call(call, name)
    return found


def _from_call(call: Call, name: str) -> Who:
    home = call.option("-d", "--home-dir", "--home") if call.tool == "useradd" else call.option("-h", "--home")
    uid, gid = call.option("-u", "--uid"), call.option("-g", "--gid")
    group = gid.text if gid and gid.text and gid.text.isdecimal() else None
    return Who(name, home.text if home else f"/home/{name}", uid.text if uid else None, group)
