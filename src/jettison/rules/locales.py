"""Translations of messages into languages that the image does not use."""

import re
from collections.abc import Iterator

from jettison.files.record import File
from jettison.rules.inside import select
from jettison.rules.record import Case, Proposal, Rule
from jettison.rules.scene import environment

_LOCALE = re.compile(r"usr/(?:local/)?share/(?:locale|locale-langpack)/(?P<language>[^/]+)/.+")


def _propose(case: Case) -> Iterator[Proposal]:
    used = languages(case)

    def wanted(file: File) -> bool:
        found = _LOCALE.fullmatch(file.path)
        if found is None:
            return file.path.startswith("usr/share/i18n/locales/") and file.owner.startswith("deb:")
        return not any(found["language"].partition(".")[0].startswith(each) for each in used)

    yield from select(case, wanted, f"translations of messages into languages other than {', '.join(used)}")


def languages(case: Case) -> tuple[str, ...]:
    """Return the languages that the image's environment asks for, and those that always stay."""
    env = environment(case.scene.table)
    names = [env.get(name, "") for name in ("LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE")]
    asked = [part.partition(".")[0].partition("_")[0] for name in names for part in name.split(":")]
    return tuple(dict.fromkeys(each for each in ("C", "en", *asked) if each and each != "POSIX"))


LOCALES = Rule(
    "locales",
    1,
    "translations of messages",
    "Those of the language that LANG, LC_ALL or LANGUAGE name stay, English and C always. Translations inside Python "
    "distributions are the application's, and stay.",
    ("usr/share/locale/de/LC_MESSAGES/coreutils.mo goes", "…/django/conf/locale/de/… stays"),
    _propose,
)
