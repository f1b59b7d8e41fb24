"""The new image's config: history and diff_ids follow the layers, all else stays."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from jettison.oci.image import Config

Fate = Literal["kept", "rewritten", "gone"]
_COMMENTS: Mapping[str, str] = {"rewritten": "slimmed by jettison", "gone": "emptied by jettison"}


def make_config(config: Config, fates: Sequence[Fate], pieces: Sequence[int] = ()) -> Mapping[str, Any]:
    """Return the config document of the new image; its ``rootfs`` is still the old one's.

    ``created`` and each ``created_by`` stay, so that the same image and plan give the same bytes. The history entry of
    a layer that is gone stays as one that made no layer.

    Args:
        config: of the original.
        fates: what became of each layer, lowest first.
        pieces: how many layers each became; one each where nothing is said.
    """
    document = dict(config.document)
    history = document.get("history")
    if not isinstance(history, list) or not all(isinstance(item, dict) for item in history):
        return document
    layered = [item for item in history if not item.get("empty_layer")]
    if len(layered) != len(fates):
        return document  # the history does not tell of these layers, so nothing in it is about one of them
    remaining = iter(zip(fates, pieces or [1] * len(fates), strict=True))
    document["history"] = [
        amended
        for item in history
        for amended in ([item] if item.get("empty_layer") else _became(item, *next(remaining)))
    ]
    return document


def _became(item: dict[str, Any], fate: Fate, pieces: int) -> list[dict[str, Any]]:
    return [_amended(item, fate)] * pieces


def _amended(item: dict[str, Any], fate: Fate) -> dict[str, Any]:
    if fate == "kept":
        return item
    comment = "; ".join(part for part in (str(item.get("comment") or ""), _COMMENTS[fate]) if part)
    amended = {**item, "comment": comment}
    return {**amended, "empty_layer": True} if fate == "gone" else amended
