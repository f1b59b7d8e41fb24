"""What stands below the distributions: a base of packages, made lazily, or a base image."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from jettison.compose.bytecode import Interpreter, compile_tree, host_interpreter, image_interpreter
from jettison.compose.debian import configure_tree, new_tree, unpack_packages
from jettison.compose.dpkg import Installed
from jettison.compose.layering import Content, Made, Workshop, make_key, make_layer
from jettison.compose.record import Package, Recipe, Resolved, Target
from jettison.compose.tree import Node, Tree

NO_BYTECODE = "no Python {} runs here, so there is no bytecode and each start compiles anew"
HOST_BYTECODE = "this machine's {} made the bytecode, not the image's own interpreter, which is not run here"


@dataclass(slots=True)
class Foundation:
    """A base of packages; it is only unpacked when a layer that the cache lacks needs it.

    Attributes:
        recipe: the compose file.
        resolved: the packages.
        target: the interpreter; None without distributions.
        shop: where things are made.
        epoch: seconds since the epoch, of what is made here.
        clamp: whether later mtimes of packages' files are brought down to ``epoch``.
    """

    recipe: Recipe
    resolved: Resolved
    target: Target | None
    shop: Workshop
    epoch: int
    clamp: bool
    _tree: Tree | None = None
    _installed: tuple[Installed, ...] = ()
    _low: dict[str, Node] = field(default_factory=dict)
    _interpreter: tuple[Interpreter | None, str] | None = None

    def tree(self) -> Tree:
        """Return the base, unpacked and configured; for the naive style with all packages."""
        if self._tree is None:
            self._tree = new_tree(self.epoch)
            self._add("base")
            self._low = dict(self._tree.nodes)
            if self.recipe.style == "naive":
                self._add("more")
            self._compile(self._tree)
        return self._tree

    def _add(self, part: str) -> None:
        debian, tree = self.recipe.debian, self._tree
        if debian is None or tree is None:
            return
        packages = [package for package in self.resolved.packages if package.part == part]
        total = sum(package.size for package in packages)
        with self.shop.progress.task(f"unpack packages ({part})", total):
            self._installed += unpack_packages(tree, packages, debian, self.recipe.style, self.shop.scratch)
        configure_tree(tree, self._installed, self.recipe.style)

    def _compile(self, tree: Tree) -> None:
        if self.target is None or self.recipe.python is None or not self.recipe.python.compile:
            return
        interpreter, _ = self.interpreter()
        if interpreter is not None:
            naive = self.recipe.style == "naive"
            compile_tree(tree, interpreter, self.target.python, self.shop.scratch / "base.pyc", timestamps=naive)

    def interpreter(self) -> tuple[Interpreter | None, str]:
        """Return what makes bytecode: the image's interpreter, else the host's of that version, with a remark.

        None, without a remark, where no distributions are asked for.
        """
        if self.target is None:
            return None, ""
        if self._interpreter is None:
            root = self.shop.scratch / "interpreter"
            found = image_interpreter(self._base(), self.target.interpreter, self.target.python, root)
            self._interpreter = (found, "") if found else bytecode_host(self.target.python)
        return self._interpreter

    def _base(self) -> Tree:
        return self._tree if self._tree is not None else self.tree()

    def low(self) -> Mapping[str, Node]:
        """Return the nodes of the lowest layer: for lean all, for naive the distribution's minimal base."""
        tree = self.tree()
        return self._clamped(self._low if self.recipe.style == "naive" else tree.nodes)

    def high(self) -> dict[str, Node]:
        """Return the nodes that the other packages of the naive style add or change."""
        tree = self.tree()
        return self._clamped({path: node for path, node in tree.nodes.items() if self._low.get(path) != node})

    def _clamped(self, nodes: Mapping[str, Node]) -> dict[str, Node]:
        if not self.clamp:
            return dict(nodes)
        latest = self.epoch * 1_000_000_000
        return {
            path: node if node.entry.mtime <= latest else replace(node, entry=replace(node.entry, mtime=latest))
            for path, node in nodes.items()
        }

    def layer(self) -> Made:
        """Return the lowest layer, from the cache where it is there."""
        packages = [p for p in self.resolved.packages if p.part == "base" or self.recipe.style == "lean"]
        return make_layer("base", self.key("base", packages), lambda: Content(self.low(), self._notes()), self.shop)

    def key(self, kind: str, packages: list[Package], more: object = None) -> str:
        """Return the cache's key of a layer that these packages make."""
        python = [self.target.interpreter, self.target.python] if self.target else None
        compiles = self.recipe.python is not None and self.recipe.python.compile
        shas = [package.sha256 for package in packages]
        asked = sorted(self.recipe.debian.packages) if self.recipe.debian and self.recipe.style == "naive" else []
        facts = [shas, asked, self.recipe.style, python, compiles, self.epoch, self.clamp, more]
        return make_key(kind, facts, self.shop.options)

    def _notes(self) -> tuple[str, ...]:
        note = self._interpreter[1] if self._interpreter else ""
        return (note,) if note else ()


def bytecode_host(python: str) -> tuple[Interpreter | None, str]:
    """Return this machine's Python of a version, with the remark that goes with it."""
    found = host_interpreter(python)
    return (found, HOST_BYTECODE.format(Path(found.command[0]).name)) if found else (None, NO_BYTECODE.format(python))
