"""``pin``: references to images and actions held by digests and commits, and moved deliberately."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jettison.api.lint import dockerfiles_in, replace_file
from jettison.dockerfile.edit import Edit, apply_edits
from jettison.dockerfile.parse import parse_recipe
from jettison.dockerfile.text import MAX_SIZE, decode, encode
from jettison.errors import BadInputError, RefusedError
from jettison.finding import Skip
from jettison.plan.dockerfile.pins import Place, action_places, image_places, is_held, pinned_action
from jettison.rebuild.dockerfile.account import make_edits
from jettison.rebuild.dockerfile.pins import Pin, PinnedFile, PinReport, State
from jettison.rules.dockerfile.case import make_case
from jettison.sizes.record import NoAnswerError
from jettison.sizes.refs import commit_of
from jettison.sizes.registry import digest_of_tag
from jettison.sizes.scales import Scales, make_scales
from jettison.sources.imagename import ImageName, parse_image_name


@dataclass(frozen=True, slots=True)
class PinOptions:
    """How to pin.

    Attributes:
        update: whether what is held already is moved to what its tag names now.
        check: whether files stay as they are, and only their state is told.
        offline: whether nobody is asked; nothing can be pinned then, and only what is not held is told.
    """

    update: bool = False
    check: bool = False
    offline: bool = False


@dataclass(frozen=True, slots=True)
class _Work:
    options: PinOptions
    scales: Scales


Put = Callable[[Place, str], str]


def pin(paths: Sequence[Path], options: PinOptions | None = None) -> PinReport:
    """Hold the references in Dockerfiles and workflows by digests and commits.

    Args:
        paths: Dockerfiles, workflows (``.yml``, ``.yaml``), or folders, whose Dockerfiles are looked for.
        options: how.

    Raises:
        UsageError: there is no such file.
        OSError: a file cannot be written.
    """
    options = options or PinOptions()
    work = _Work(options, make_scales(offline=options.offline))
    skips: list[Skip] = []
    files: list[PinnedFile] = []
    for path in dockerfiles_in(paths, skips):
        try:
            with path.open("rb") as file:
                data = file.read(MAX_SIZE + 1)
            pinned = _workflow if path.suffix in (".yml", ".yaml") else _recipe
            files.append(pinned(work, path, data))
        except (BadInputError, RefusedError) as error:
            skips.append(Skip(str(path), error.message))
        except OSError as error:
            skips.append(Skip(str(path), f"it cannot be read or written: {error.strerror}"))
    return PinReport(tuple(files), tuple(skips))


def _recipe(work: _Work, path: Path, data: bytes) -> PinnedFile:
    recipe = parse_recipe(data, str(path))
    pins: list[Pin] = []
    edits: list[Edit] = []
    for place in image_places(make_case(recipe, None)):
        pins.append(_image(work, place))
        if pins[-1].state in ("pinned", "moved"):
            edits.append(Edit(*place.span, f"{_tagged(place.text)}@{pins[-1].digest}"))
    if edits:
        replace_file(path, data, encode(_with_edits(recipe.text, edits, path, data)))
    return PinnedFile(str(path), tuple(pins), written=bool(edits))


def _with_edits(text: str, edits: list[Edit], path: Path, data: bytes) -> str:
    """Return a recipe with its edits made, every instruction accounted for; the directive is none."""
    recipe = parse_recipe(data, str(path))
    start = recipe.instructions[0].span[0] if recipe.instructions else 0
    inside = [edit for edit in edits if edit.start >= start]
    return apply_edits(make_edits(recipe, inside).recipe.text, [edit for edit in edits if edit.start < start]) or text


def _workflow(work: _Work, path: Path, data: bytes) -> PinnedFile:
    text = decode(data, str(path))
    pins: list[Pin] = []
    edits: list[Edit] = []
    for place in action_places(text):
        pins.append(_action(work, place))
        if pins[-1].state in ("pinned", "moved"):
            edits.append(Edit(*place.span, pinned_action(place, pins[-1].digest, text[slice(*place.span)])))
    if edits:
        replace_file(path, data, encode(apply_edits(text, edits)))
    return PinnedFile(str(path), tuple(pins), written=bool(edits))


def _image(work: _Work, place: Place) -> Pin:
    name = parse_image_name(place.text) if not place.reason else None
    if name is None:
        return _skipped(place, place.reason or "it is no image's name")
    if name.digest and not name.tag:
        return _pin(place, "held", reason="it has no tag that could name another digest")
    if is_held(place) and not (work.options.update or work.options.check):
        return _pin(place, "held")
    try:
        now = digest_of_tag(work.scales.web, _by_tag(name), work.scales.registry)
    except NoAnswerError as error:
        return _unasked(place, error.message)
    reason = "" if now.index else "a manifest of one platform: the tag has no index"
    return _pin(place, _state(work, place, name.digest, now.digest), now.digest, index=now.index, reason=reason)


def _tagged(text: str) -> str:
    """Return a reference without its digest, with the tag that is meant: without one nothing could ever move it."""
    name = text.partition("@")[0]
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _by_tag(name: ImageName) -> ImageName:
    return ImageName(name.host, name.repository, name.tag)


def _action(work: _Work, place: Place) -> Pin:
    if place.reason:
        return _skipped(place, place.reason)
    if is_held(place) and not (work.options.update or work.options.check):
        return _pin(place, "held")
    try:
        now = commit_of(work.scales.web, place.repository, place.ref)
    except NoAnswerError as error:
        return _unasked(place, error.message)
    return _pin(place, _state(work, place, place.text.partition("@")[2] if is_held(place) else "", now), now)


def _state(work: _Work, place: Place, held: str, now: str) -> State:
    if held == now:
        return "current"
    if work.options.check:
        return "outdated" if is_held(place) else "unpinned"
    return "moved" if is_held(place) else "pinned"


def _unasked(place: Place, why: str) -> Pin:
    """Say what a reference is when it is not known what its tag names: without a digest it is not held in any case."""
    return _skipped(place, why) if is_held(place) else _pin(place, "unpinned", reason=why)


def _skipped(place: Place, reason: str) -> Pin:
    return _pin(place, "skipped", reason=reason)


def _pin(place: Place, state: State, digest: str = "", *, index: bool = False, reason: str = "") -> Pin:
    return Pin(place.line, place.where, place.text, state, digest, index, reason)
