import pytest

from jettison.report.words import digest_text, first_items, instruction_text, top_rows


@pytest.mark.parametrize(
    ("created_by", "text"),
    [
        ("/bin/sh -c #(nop) ADD file:01 in / ", "ADD file:01 in /"),
        ('/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]'),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("RUN /bin/sh -c pip install \\\n    numpy # buildkit", "RUN pip install numpy"),
        ("RUN |2 A=1 B=x y /bin/bash -c make # buildkit", "RUN make"),
        ("COPY app /srv # buildkit", "COPY app /srv"),
        ("bazel build ...", "bazel build ..."),
        ("", "(unknown)"),
    ],
)
def test_instructions(created_by: str, text: str) -> None:
    """An instruction is shown as its author wrote it, whichever builder recorded it."""
    assert instruction_text(created_by) == text


def test_rows_cut_short_still_add_up() -> None:
    """Rows beyond the top are summed in one more row; a single one is shown instead of summed."""

    def cells(row: int) -> tuple[str, ...]:
        return (str(row),)

    def rest(rows: object, words: str) -> tuple[str, ...]:
        return (f"{words}: {sum(rows)}",)  # type: ignore[call-overload] # numbers here

    assert top_rows([5, 4, 3], 1, cells, rest) == (("5",), ("2 others: 7",))
    assert top_rows([5, 4, 3], 2, cells, rest) == (("5",), ("4",), ("3",))
    assert top_rows([], 2, cells, rest) == ()


def test_items_and_digests() -> None:
    """A list cut short says how much is missing; a digest is shown by its first twelve digits."""
    assert first_items(("a", "b", "c"), 2) == ("a", "b", "… and 1 more")
    assert digest_text("sha256:0123456789abcdef") == "sha256:0123456789ab"
