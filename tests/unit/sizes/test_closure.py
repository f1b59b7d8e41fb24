from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from jettison.finding import Skip
from jettison.sizes.closure import Chosen, resolve
from jettison.sizes.market import Offer
from jettison.sizes.place import Place, make_place, marker_environment, ranks
from jettison.sizes.record import NoAnswerError
from jettison.sizes.simple import File, parse_name
from jettison.sizes.wheelfacts import WheelFacts

Stock = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A shop with a stock in code: project, version, needs."""

    stock: Stock

    def offers(self, project: str) -> tuple[Offer, ...]:
        if project not in self.stock:
            raise NoAnswerError("no index has it")
        found = [_offer(project, version) for version in self.stock[project]]
        return tuple(sorted(found, key=lambda offer: offer.named.version, reverse=True))

    def direct(self, wanted: Requirement) -> Offer:
        raise NoAnswerError(f"no address: {wanted.url}")

    def facts(self, offer: Offer) -> WheelFacts:
        needs = self.stock[offer.named.project][str(offer.named.version)]
        if "broken" in needs:
            raise NoAnswerError("broken wheel")
        return WheelFacts(10, 20, 5, tuple(needs), 1)


def _offer(project: str, version: str) -> Offer:
    name = f"{project.replace('-', '_')}-{version}-py3-none-any.whl"
    named = parse_name(name)
    assert named is not None
    return Offer(File(name, f"x:{name}"), named, 0)


def chosen(
    stock: Stock, *wanted: str, limits: Mapping[str, SpecifierSet] | None = None, follow: bool = True
) -> tuple[dict[str, str], tuple[Skip, ...]]:
    found, skips = resolve(
        Shelf(stock), [Requirement(one) for one in wanted], marker_environment(Place()), limits=limits, follow=follow
    )
    return {one.project: str(one.offer.named.version) for one in found}, skips


def test_the_newest_that_all_allow() -> None:
    """A later demand takes an earlier choice back, and what that had brought goes with it."""
    stock: Stock = {
        "a": {"2.0": ["old-friend"], "1.0": ["c"]},
        "b": {"1.0": ["a<2"]},
        "c": {"1.0": []},
        "old-friend": {"1.0": ["c>=1"]},
    }
    assert chosen(stock, "a", "b") == ({"a": "1.0", "b": "1.0", "c": "1.0"}, ())
    assert chosen(stock, "a") == ({"a": "2.0", "old-friend": "1.0", "c": "1.0"}, ())


def test_extras_markers_and_pins() -> None:
    """Extras bring their needs, markers are evaluated for the place, constraints bound, a lock brings nothing more."""
    stock: Stock = {
        "a": {"1.0": ["b; extra == 'more'", "c; sys_platform == 'win32'", "d; python_version >= '3.10'"], "2.0rc1": []},
        "b": {"1": [], "2": [], "3": []},
        "d": {"1": ["a[more]; extra == 'never'"]},
    }
    assert chosen(stock, "a[more]", limits={"b": SpecifierSet("<3")})[0] == {"a": "1.0", "b": "2", "d": "1"}
    assert chosen(stock, "a")[0] == {"a": "1.0", "d": "1"}
    assert chosen(stock, "a==2.0rc1")[0] == {"a": "2.0rc1"}
    assert chosen(stock, "a", follow=False)[0] == {"a": "1.0"}
    assert chosen(stock, "a; sys_platform == 'win32'")[0] == {}


def test_contradictions_are_told_and_priced() -> None:
    """Where demands contradict, the caller's own is priced, and the reason names who wants what."""
    stock: Stock = {"a": {"1.0": [], "2.0": []}, "b": {"1.0": ["a<2"]}}
    found, skips = chosen(stock, "a>=2", "b")
    assert found == {"a": "2.0", "b": "1.0"}
    assert skips == (Skip("a", "no version on the index satisfies >=2 (asked for), <2 (b)"),)


def test_what_is_missing_is_told() -> None:
    """A project no index has, an address, a wheel that cannot be read: each has its reason, the rest stands."""
    stock: Stock = {"a": {"1.0": ["nowhere"]}, "w": {"1.0": ["broken"]}}
    found, skips = chosen(stock, "a", "w", "u @ https://x.example/u")
    assert found == {"a": "1.0", "w": "1.0"}
    assert skips == (Skip("nowhere", "no index has it"), Skip("u", "no address: https://x.example/u"))


def test_circles_end() -> None:
    """Distributions that need one another, and versions that push each other away, end."""
    circle: Stock = {"a": {"1": ["b"]}, "b": {"1": ["a"]}}
    assert chosen(circle, "a")[0] == {"a": "1", "b": "1"}
    flicker: Stock = {"a": {"1": ["b<2"], "2": ["b"]}, "b": {"1": ["a<2"], "2": ["a<2"]}}
    assert set(chosen(flicker, "a", "b")[0]) == {"a", "b"}


NAMES = ["a", "b", "c", "d", "e"]
NEED = st.builds(
    lambda name, operator, version: f"{name}{operator}{version}",
    st.sampled_from(NAMES),
    st.sampled_from(["", ">=", "<=", "==", "!="]),
    st.sampled_from(["1", "2", "3"]),
).map(lambda text: text if any(sign in text for sign in "<>=!") else text[0])
STOCK = st.fixed_dictionaries(
    {name: st.dictionaries(st.sampled_from(["1", "2", "3"]), st.lists(NEED, max_size=3), min_size=1) for name in NAMES}
)


@settings(deadline=None)
@example(  # whose mind was changed once too often while another asked for it again
    {"a": {"1": []}, "b": {"1": []}, "c": {"1": ["d"]}, "d": {"1": ["c"], "2": ["d<=1"]}, "e": {"1": []}}, ["d"]
)
@given(STOCK, st.lists(NEED, min_size=1, max_size=3))
def test_a_closure_without_reasons_holds(stock: Stock, wanted: list[str]) -> None:
    """When nothing is left unresolved, every demand of every choice is met, and nothing is there that nobody wants."""
    found, skips = chosen(stock, *wanted)
    demands = [Requirement(one) for one in wanted]
    for name, version in found.items():
        demands += [Requirement(one) for one in stock[name][version]]
    if not skips:
        for one in demands:
            assert one.specifier.contains(found[one.name])
        reached, queue = set[str](), [Requirement(one).name for one in wanted]
        while queue:
            if (name := queue.pop()) not in reached:
                reached.add(name)
                queue += [Requirement(one).name for one in stock[name][found[name]]]
        assert set(found) >= reached


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), max_size=4))
def test_any_needs(needs: list[str]) -> None:
    """Whatever METADATA claims to need, choosing ends."""
    assert chosen({"a": {"1": needs}}, "a")[0]["a"] == "1"


def test_a_place_takes_its_wheels() -> None:
    """Manylinux up to the C library's version, its own interpreter, abi3 of older ones; musl and aarch64 apart."""
    tags = {str(tag) for tag in ranks(make_place("3.11.4", "amd64"))}
    assert {"cp311-cp311-manylinux_2_28_x86_64", "cp39-abi3-manylinux2014_x86_64", "py3-none-any"} <= tags
    assert not {"cp312-cp312-manylinux_2_17_x86_64", "cp311-cp311-manylinux_2_39_x86_64"} & tags
    assert "cp311-cp311-musllinux_1_2_x86_64" not in tags
    arm = {str(tag) for tag in ranks(make_place("3.12", "arm64", "musl"))}
    assert "cp312-cp312-musllinux_1_2_aarch64" in arm
    assert not [tag for tag in arm if "manylinux" in tag]


def test_who_needs_what_is_kept() -> None:
    """A line says what asked for it; what the caller asked for says nothing."""
    stock: Stock = {"a": {"1": ["b"]}, "b": {"1": []}}
    found, _ = resolve(Shelf(stock), [Requirement("a")], marker_environment(Place()))
    assert [(one.project, one.needed_by) for one in found] == [("a", ()), ("b", ("a",))]
    assert all(isinstance(one, Chosen) for one in found)
