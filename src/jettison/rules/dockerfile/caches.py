"""Where package managers keep what they downloaded, and what turns that off.

Sources: pip's ``cache-dir`` and ``no-cache-dir`` (``pip config`` and its cmdoptions.py: any value of PIP_NO_CACHE_DIR
that is not empty turns the cache off), uv's page "Caching", Poetry's ``cache-dir``, pipenv's PIPENV_CACHE_DIR, conda's
``pkgs_dirs``, npm's ``cache``, Cargo's CARGO_HOME.
"""

from dataclasses import dataclass

from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.users import who


@dataclass(frozen=True, slots=True)
class Cache:
    """A cache.

    Attributes:
        tool: the program.
        variables: variables that say where it is, with what comes behind their value, the stronger first.
        home: where it is below the home when none of them is set.
        option: the option that says where it is.
        off: options that turn it off.
        off_variables: variables that turn it off.
    """

    tool: str
    variables: tuple[tuple[str, str], ...]
    home: str
    option: str = ""
    off: tuple[str, ...] = ()
    off_variables: tuple[str, ...] = ()


CACHES = {
    cache.tool: cache
    for cache in (
        Cache(
            "pip",
            (("PIP_CACHE_DIR", ""), ("XDG_CACHE_HOME", "/pip")),
            ".cache/pip",
            "--cache-dir",
            ("--no-cache-dir",),
            ("PIP_NO_CACHE_DIR",),
        ),
        Cache(
            "uv",
            (("UV_CACHE_DIR", ""), ("XDG_CACHE_HOME", "/uv")),
            ".cache/uv",
            "--cache-dir",
            ("--no-cache", "--no-cache-dir", "-n"),
            ("UV_NO_CACHE",),
        ),
        Cache("poetry", (("POETRY_CACHE_DIR", ""), ("XDG_CACHE_HOME", "/pypoetry")), ".cache/pypoetry"),
        Cache("pipenv", (("PIPENV_CACHE_DIR", ""), ("XDG_CACHE_HOME", "/pipenv")), ".cache/pipenv"),
        Cache("pdm", (("PDM_CACHE_DIR", ""), ("XDG_CACHE_HOME", "/pdm")), ".cache/pdm"),
        Cache("npm", (("npm_config_cache", ""), ("NPM_CONFIG_CACHE", "")), ".npm", "--cache"),
    )
}


def is_set(site: Site, call: Call | None, name: str) -> bool:
    """Whether a variable is set to something, or may be, for a call (or for a RUN when there is none)."""
    if call and any(each.name == name for each in call.command.assignments):
        return True
    if any(name in word.text for each in site.calls if each.tool == "export" for word in each.operands):
        return True
    variable = site.state.variables.get(name)
    return variable is not None and variable.value != ""


def is_off(site: Site, call: Call) -> bool:
    """Whether a call keeps no cache."""
    cache = CACHES[call.tool]
    return call.has(*cache.off) or any(is_set(site, call, name) for name in cache.off_variables)


def folder_of(case: Case, site: Site, call: Call) -> str | None:
    """Return where a call caches; None when that is not known."""
    cache = CACHES[call.tool]
    given = call.option(cache.option) if cache.option else None
    if given:
        return given.text.rstrip("/") if given.text and given.text.startswith("/") else None
    for name, behind in cache.variables:
        if is_set(site, call, name):
            variable = site.state.variables.get(name)
            known = variable.value if variable and variable.value and variable.value.startswith("/") else None
            here = any(each.name == name for each in call.command.assignments)
            exported = any(name in word.text for each in site.calls if each.tool == "export" for word in each.operands)
            return None if known is None or here or exported else known.rstrip("/") + behind
    home = home_of(case, site, call)
    return f"{home.rstrip('/')}/{cache.home}" if home else None


def home_of(case: Case, site: Site, call: Call) -> str | None:
    """Return the home that a call sees; None when it is not known."""
    moved = any(each.name == "HOME" for each in call.command.assignments)
    exported = any(
        word.text.startswith("HOME=") for each in site.calls if each.tool == "export" for word in each.operands
    )
    if moved or exported or "sudo" in call.wrappers:
        return None
    return who(case, site).home


def is_root(case: Case, site: Site) -> bool:
    """Whether a RUN is known to run as root."""
    return who(case, site).root is True
