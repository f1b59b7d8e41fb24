"""Finds the entries that a plan's targets name: by layer, and path as stored there."""

from collections import defaultdict

from jettison.errors import UsageError
from jettison.files.record import File, FileTable
from jettison.plan.record import Step
from jettison.rebuild.links import Key


class Places:
    """The entries of an image by layer and stored path.

    Args:
        table: of the image.
    """

    def __init__(self, table: FileTable) -> None:
        self._by_layer: dict[int, list[File]] = defaultdict(list)
        for file in table.files:
            self._by_layer[file.layer].append(file)
        self._files: dict[int, dict[str, list[File]]] = {}

    def find(self, step: Step, layer: int, path: str) -> list[File]:
        """Return all entries of that name in a layer, in the order of the tar.

        Args:
            step: that asks, for the error.
            layer: index of the layer.
            path: as stored.

        Raises:
            UsageError: there is none.
        """
        if layer not in self._files:
            files: dict[str, list[File]] = defaultdict(list)
            for file in self._by_layer.get(layer, ()):
                files[file.entry.path].append(file)
            self._files[layer] = dict(files)
        found = self._files[layer].get(path)
        if not found:
            raise UsageError(
                f"plan, step {step.id!r}: layer {layer} has no entry {path!r}",
                hint="targets are paths as stored in that layer, without a leading slash",
            )
        return found

    def one(self, step: Step, layer: int, path: str) -> Key:
        """Return the entry that counts among those of one name in a layer: the last.

        Args:
            step: as for :meth:`find`.
            layer: likewise.
            path: likewise.

        Raises:
            UsageError: there is none.
        """
        file = self.find(step, layer, path)[-1]
        return file.layer, file.index
