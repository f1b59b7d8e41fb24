"""Pulls in the text format of Prometheus (exposition_formats.md, version 0.0.4), for a textfile collector."""

from collections.abc import Callable, Iterator

from jettison.run.pulls import PulledImage, PullReport

_GAUGES: tuple[tuple[str, str, Callable[[PulledImage], float | None]], ...] = (
    ("pulls", "Pulls that succeeded, among the events there are.", lambda one: one.pulls),
    ("present", "Pods that found the image on their node, likewise.", lambda one: one.present),
    ("failed", "Pulls that failed, likewise.", lambda one: one.failed),
    ("size_bytes", "Size of the image, as the kubelet says.", lambda one: one.size or None),
    ("waiting_seconds", "Median of the seconds in the kubelet's queue.", lambda one: one.waited),
)


def prometheus_text(report: PullReport) -> str:
    """Return the pulls by image and node as metrics; the seconds of pulls as quantiles 0.5, 0.9 and 1.

    All are gauges: events go after an hour or so, and counts with them.
    """
    return "".join(_lines(report))


def _lines(report: PullReport) -> Iterator[str]:
    for name, text, value in _GAUGES:
        full = f"jettison_image_{name}"
        yield f"# HELP {full} {text}\n# TYPE {full} gauge\n"
        for one in report.nodes:
            if (number := value(one)) is not None:
                yield f"{full}{{{_labels(one)}}} {number}\n"
    full = "jettison_image_pull_seconds"
    yield f"# HELP {full} Seconds of pulls, without waiting.\n# TYPE {full} gauge\n"
    for one in report.nodes:
        if one.pulls:
            for quantile, seconds in (("0.5", one.median), ("0.9", one.p90), ("1", one.longest)):
                yield f'{full}{{{_labels(one)},quantile="{quantile}"}} {seconds}\n'


def _labels(one: PulledImage) -> str:
    return f'image="{_escaped(one.image)}",node="{_escaped(one.node)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
