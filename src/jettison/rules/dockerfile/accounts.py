"""The users and groups that a recipe creates, as far as it says their numbers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.places import base_at, earlier, text_of, value_of


@dataclass(frozen=True, slots=True)
class Account:
    """A user that a RUN creates.

    Attributes:
        site: the RUN.
        call: useradd or adduser.
        name: the user's name.
        uid: its number; None where the system chooses.
        group: the name of its group; None where that is not known.
        gid: the group's number; None where that is not known.
        home: its home as given; None: ``/home/NAME``.
        has_home: whether the home is made; None: not known.
    """

    site: Site
    call: Call
    name: str
    uid: int | None
    group: str | None
    gid: int | None
    home: str | None
    has_home: bool | None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 11 else None  # noqa: PLR2004


def _value(site: Site, call: Call, *names: str) -> str | None:
    return value_of(site, call.option(*names))


def groups(sites: Iterable[Site]) -> dict[str, int | None]:
    """Return the groups that ``groupadd`` and ``addgroup`` create, with their numbers."""
    found: dict[str, int | None] = {}
    for site in sites:
        for call in site.calls:
            if call.tool == "groupadd" and call.operands and (name := text_of(site, call.operands[0])):
                found[name] = _number(_value(site, call, "-g", "--gid"))
    return found


def accounts(case: Case, sites: Iterable[Site] | None = None) -> Iterator[Account]:
    """Give the users that the recipe creates, in order; without ``sites``, of the whole file."""
    known = dict[str, int | None]()
    for site in case.sites if sites is None else sites:
        for call in site.calls:
            if call.tool == "groupadd":
                known |= groups((site,))
            if call.tool in ("useradd", "adduser") and (found := _account(case, site, call, known)):
                yield found


def _account(case: Case, site: Site, call: Call, known: dict[str, int | None]) -> Account | None:
    names = [text_of(site, word) for word in call.operands]
    name = names[-1] if call.tool == "useradd" and names else names[0] if names else None
    if name is None:
        return None
    uid = _number(_value(site, call, "-u", "--uid"))
    group, gid = _group(site, call, name, uid, known, _busybox(case, site, call))
    home = _value(site, call, "-d", "--home-dir", "--home", *(("-h",) if call.tool == "adduser" else ()))
    return Account(site, call, name, uid, group, gid, home, _has_home(case, site, call))


def _busybox(case: Case, site: Site, call: Call) -> bool:
    base = base_at(case, site.stage)
    return call.tool == "adduser" and (base is None or base.manager != "apt")


def _group(
    site: Site,
    call: Call,
    name: str,
    uid: int | None,
    known: dict[str, int | None],
    busybox: bool,  # noqa: FBT001 -- internal
) -> tuple[str | None, int | None]:
    option = call.option("-g", "--gid") if not busybox and call.tool == "useradd" else None
    option = option or call.option("-G", "--ingroup") if call.tool == "adduser" else option
    if option or (call.tool == "adduser" and call.has("--gid", "--ingroup", "-G")):
        text = _value(site, call, option.name) if option else _value(site, call, "--gid")
        number = _number(text)
        if number is not None:
            return next((group for group, gid in known.items() if gid == number), None), number
        return (text, 0 if text == "root" else known.get(text)) if text else (None, None)
    if call.has("-N", "--no-user-group", "--system", "-r", "-S"):
        return None, None
    # useradd gives the user's own group the user's number where that is free, and so does adduser
    taken = uid in known.values() or name in known
    return (None, None) if taken or busybox else (name, uid)


def _has_home(case: Case, site: Site, call: Call) -> bool | None:
    if call.tool == "adduser":
        if call.has("--no-create-home", "-H"):
            return False
        return None if call.has("--system", "-S") else True
    if call.has("-m", "--create-home"):
        return True
    if call.has("-M", "--no-create-home"):
        return False
    base = base_at(case, site.stage)
    return False if base is not None and (base.manager == "apt" or call.has("-r", "--system")) else None


def account_named(case: Case, site: Site, name: str) -> Account | None:
    """Return the user of this name that the instructions in front of one create."""
    return next((found for found in accounts(case, earlier(case, site)) if found.name == name), None)


def group_exists(case: Case, site: Site, name: str) -> bool:
    """Whether the instructions in front of one create a group."""
    before = tuple(earlier(case, site))
    return name in groups(before) or any(found.group == name for found in accounts(case, before))


def user_number(case: Case, site: Site, name: str) -> int | None:
    """Return the number of a user that is created up to an instruction, itself included; None: not known."""
    if name in ("root", "0") or name.isdecimal():
        return 0 if name == "root" else int(name)
    found = accounts(case, (*earlier(case, site), site))
    return next((account.uid for account in found if account.name == name), None)


def group_number(case: Case, site: Site, name: str) -> int | None:
    """Return the number of a group that is created up to an instruction, itself included; None: not known."""
    if name in ("root", "0") or name.isdecimal():
        return 0 if name == "root" else int(name)
    upto = (*earlier(case, site), site)
    made = groups(upto)
    if name in made:
        return made[name]
    return next((account.gid for account in accounts(case, upto) if account.group == name), None)
