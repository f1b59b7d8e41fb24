from hypothesis import given
from hypothesis import strategies as st

from jettison.compose.trim import trim

INDEX = {
    "base-files": {"depends": "mawk | awk", "pre-depends": ""},
    "mawk": {"depends": "libc6"},
    "libc6": {"depends": "libgcc-s1"},
    "libgcc-s1": {},
    "tzdata": {"depends": "debconf (>= 0.5) | debconf-2.0"},
    "debconf": {"pre-depends": "perl-base"},
    "perl-base": {"depends": "libcrypt1"},
    "libcrypt1": {"depends": "libc6"},
    "ca-certificates": {"depends": "openssl, debconf"},
    "openssl": {"depends": "libssl3"},
    "libssl3": {"depends": "libc6"},
    "virtual-user": {"depends": "awk"},
    "gawk": {"provides": "awk", "depends": "libc6"},
}


def test_what_only_installation_needs_goes() -> None:
    """Debconf and what only it brings stay out; each with a reason."""
    trimmed = trim(INDEX, ["tzdata", "libssl3"], [])
    assert trimmed.kept == ("base-files", "libc6", "libgcc-s1", "libssl3", "tzdata")
    reasons = {skip.subject: skip.reason for skip in trimmed.skips}
    assert "questions" in reasons["debconf"]
    assert reasons["perl-base"] == reasons["libcrypt1"] == "only left-out packages need it"


def test_listed_packages_stay() -> None:
    """A package the user lists stays, with its dependencies, whatever the tables say."""
    assert {"perl-base", "libcrypt1"} <= set(trim(INDEX, ["perl-base"], []).kept)
    assert "openssl" not in trim(INDEX, ["ca-certificates"], []).kept
    assert "openssl" in trim(INDEX, ["ca-certificates", "openssl"], []).kept


def test_excluded_packages_go_with_what_only_they_bring() -> None:
    """Exclude takes a package and its own dependencies out."""
    trimmed = trim(INDEX, ["openssl"], ["libssl3"])
    assert trimmed.kept == ("base-files", "openssl")
    assert {skip.subject: skip.reason for skip in trimmed.skips}["libssl3"] == "the compose file excludes it"


def test_virtual_names_are_satisfied_by_what_is_there() -> None:
    """A dependency on a virtual name keeps the package of the closure that provides it."""
    assert "gawk" in trim(INDEX, ["virtual-user"], []).kept


@given(st.lists(st.sampled_from(sorted(INDEX)), max_size=5), st.lists(st.sampled_from(sorted(INDEX)), max_size=2))
def test_each_package_is_kept_or_skipped(roots: list[str], exclude: list[str]) -> None:
    """Kept and skipped packages together are the closure, and every listed one not excluded stays."""
    trimmed = trim(INDEX, roots, exclude)
    assert sorted([*trimmed.kept, *(skip.subject for skip in trimmed.skips)]) == sorted(INDEX)
    assert set(roots) - set(exclude) <= set(trimmed.kept)
    assert not set(exclude) & set(trimmed.kept)
