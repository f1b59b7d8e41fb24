"""From a recipe to what exactly goes into the image: by the lock where it fits, else by asking apt and pip."""

import platform
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from jettison.compose import apt as apt_tool
from jettison.compose.aptsources import choose_sources
from jettison.compose.debian import deb_cache, fetch_packages, keep_listings, resolve_packages
from jettison.compose.layering import Workshop
from jettison.compose.lock import input_hash, lock_path, read_lock, write_lock
from jettison.compose.record import DebianBase, Package, PythonPart, Recipe, Resolved, Target, Wheel
from jettison.compose.target import target_of_image, target_of_packages
from jettison.compose.wheels import MACHINES, refetch_wheels, resolve_wheels, wheel_cache
from jettison.files.record import FileTable


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, for which interpreter (None without distributions), and for which processor."""

    resolved: Resolved
    target: Target | None
    architecture: str


def resolve(recipe: Recipe, shop: Workshop, *, debug: bool, base: FileTable | None) -> Choice:
    """Choose packages and wheels, and see to it that all of them are in the cache.

    Args:
        recipe: the compose file.
        shop: options and scratch.
        debug: whether busybox is asked for.
        base: the base image, when the recipe stands on one that has to be looked into.

    Raises:
        UsageError: names that do not exist, requirements that contradict one another.
        RefusedError: a distribution without a wheel.
        MachineError: no apt, no pip, no network.
        BadInputError: what came does not match its hash.
    """
    architecture = _architecture(base)
    inputs = input_hash(recipe, architecture, debug=debug)
    path = lock_path(recipe)
    use_lock = recipe.lock and shop.options.lock
    locked = read_lock(path, inputs) if use_lock and not shop.options.update else None
    if locked is not None:
        target = _target(recipe.python, locked.packages, base)
        _fetch_again(recipe, locked, target, shop)
        return Choice(locked, target, architecture)
    resolved, target = _resolve_anew(recipe, shop, base, debug=debug)
    if use_lock:
        write_lock(path, resolved, inputs)
    return Choice(resolved, target, architecture)


def _architecture(base: FileTable | None) -> str:
    if base is not None:
        return base.image.config.platform.architecture
    machine = platform.machine()
    return next((name for name, other in MACHINES.items() if other == machine), machine)


def _target(part: PythonPart | None, packages: tuple[Package, ...], base: FileTable | None) -> Target | None:
    if part is None:
        return None
    return target_of_image(base, part) if base is not None else target_of_packages(packages, part)


def _resolve_anew(
    recipe: Recipe, shop: Workshop, base: FileTable | None, *, debug: bool
) -> tuple[Resolved, Target | None]:
    resolved = Resolved()
    if recipe.debian is None:
        target = _target(recipe.python, (), base)
        return replace(resolved, wheels=_wheels(recipe, target, shop)), target
    suite, sources = choose_sources(recipe.debian, shop.options.mirror)
    with apt_tool.open_apt(sources) as apt:
        with shop.progress.task(f"packages of {suite}: index", None):
            apt_tool.update(apt)
            packages, skips = resolve_packages(apt, recipe.debian, recipe.style, debug=debug)
        target = _target(recipe.python, packages, base)
        total = sum(package.size for package in packages)
        with ThreadPoolExecutor(1) as pool, shop.progress.task("packages", total) as task:
            wheels = pool.submit(_wheels, recipe, target, shop)
            fetch_packages(apt, packages, task)
            listings = keep_listings(apt) if recipe.style == "naive" else ()
            chosen = wheels.result()
    return Resolved(suite, packages, chosen, listings, skips), target


def _wheels(recipe: Recipe, target: Target | None, shop: Workshop) -> tuple[Wheel, ...]:
    if recipe.python is None or target is None:
        return ()
    into = shop.scratch / "wheels"
    into.mkdir()
    with shop.progress.task("wheels", None) as task:
        return resolve_wheels(target, recipe.python.requirements, into, task)


def _fetch_again(recipe: Recipe, locked: Resolved, target: Target | None, shop: Workshop) -> None:
    """Bring what the lock names and the cache lacks."""
    packages = [package for package in locked.packages if deb_cache().path(f"{package.sha256}.deb") is None]
    if packages and recipe.debian is not None:
        _fetch_packages(replace(recipe.debian, suite=locked.suite), packages, shop)
    wheels = [wheel for wheel in locked.wheels if wheel_cache().path(f"{wheel.sha256}.whl") is None]
    if wheels and target is not None:
        into = shop.scratch / "wheels"
        into.mkdir()
        with shop.progress.task("wheels", sum(wheel.size for wheel in wheels)) as task:
            refetch_wheels(target, wheels, into, task)


def _fetch_packages(debian: DebianBase, packages: Iterable[Package], shop: Workshop) -> None:
    missing = list(packages)
    _, sources = choose_sources(debian, shop.options.mirror)
    with (
        apt_tool.open_apt(sources) as apt,
        shop.progress.task("packages", sum(package.size for package in missing)) as task,
    ):
        apt_tool.update(apt)
        fetch_packages(apt, missing, task)
