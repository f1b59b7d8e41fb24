"""Which modules a Python source imports: found by its lines, since parsing all of an image's sources takes minutes.

What stands in a text in the form of an import counts as one: more is kept, never less. What only type checkers see
(``if TYPE_CHECKING:``) does not count.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_CHECKING = re.compile(
    r"^([ \t]*+)if [ \t]*+[\w.]*TYPE_CHECKING[ \t]*+:[^\n]*+\n(?:\1[ \t]++[^\n]*+\n|[ \t]*+\n)*+", re.MULTILINE
)
_IMPORT = re.compile(
    r"(?:^(?P<indent>[ \t]*+)|[:;][ \t]*+)"
    r"(?:from[ \t]*+(?P<source>\.*+(?:[ \t]*+(?!import\b)[\w.]++)?)[ \t]*+import\b[ \t]*+"
    r"(?P<names>\((?:#[^\n]*+|[^)#])*+\)|[^\n#;(]++)"
    r"|import[ \t]++(?P<modules>[\w., \t]++))",
    re.MULTILINE,
)
_COMMENT = re.compile(r"#[^\n]*")
_BY_NAME = re.compile(
    r"(?:import_module|__import__|find_spec|import_optional_dependency)\(\s*+(?:name\s*+=\s*+)?"
    r"""["']([\w.]++)["']"""
)
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_LONGEST = 4 << 20  # bytes; a longer source is data


@dataclass(frozen=True, slots=True)
class Import:
    """An import in a source.

    Attributes:
        module: dotted name; with leading dots when relative.
        names: what is taken from it, which may be modules too.
        lazy: whether it stands in a function, a branch or a try, or imports by a text.
    """

    module: str
    names: tuple[str, ...]
    lazy: bool


def find_imports(source: bytes) -> Iterator[Import]:
    """Give what a source imports, in its order."""
    text = source[:_LONGEST].decode("utf-8", "replace").replace("\\\n", " ")
    if "TYPE_CHECKING" in text:
        text = _CHECKING.sub("", text)
    for match in _IMPORT.finditer(text):
        lazy = match["indent"] != ""  # in a block, or behind a colon
        if match["modules"] is not None:
            for part in match["modules"].split(","):
                if name := _NAME.match(part.strip()):
                    yield Import(name[0], (), lazy)
        else:
            names = (part.split(" as ")[0].strip(" \t\n()\r") for part in _COMMENT.sub("", match["names"]).split(","))
            yield Import(
                match["source"].replace(" ", "").replace("\t", ""),
                tuple(name for name in names if name.isidentifier()),
                lazy,
            )
    for match in _BY_NAME.finditer(text):
        yield Import(match[1], (), lazy=True)


def find_constants(code: bytes, beside: Collection[str], package: str) -> frozenset[str]:
    """Return the modules that an extension module's constants name.

    Cython imports by such constants: ``sklearn.neighbors._partition_nodes`` by ``cimport``, a name alone by a relative
    import.

    Args:
        code: the extension module.
        beside: names of modules in its folder to look for: these count alone.
        package: the first part of its own dotted name: what begins with it counts.
    """
    near = {name for name in beside if b"\0%b\0" % name.encode() in code}
    dotted = re.findall(rb"\0(%b(?:\.\w{1,60}){1,8})(?=\0)" % re.escape(package.encode()), code)
    return frozenset((*near, *(text.decode() for text in dotted if text.isascii())))
