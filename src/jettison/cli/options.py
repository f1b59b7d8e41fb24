"""Options that several commands share, so that they read and mean the same everywhere."""

import sys
from argparse import Action, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jettison.cli import values
from jettison.cli.parser import Parser
from jettison.cli.streams import write
from jettison.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jettison.api.evidence import TraceOptions
    from jettison.elf.treatment import Treatment
    from jettison.files.read import ReadOptions
    from jettison.layers.limits import Limits
    from jettison.plan.options import PlanOptions
    from jettison.plan.record import Plan
    from jettison.run.runner import Runner
    from jettison.run.workload import Workload

# What shtab generates for an argument that is a file, without importing shtab.
_FILES = {"bash": "_shtab_compgen_files", "zsh": "_files", "tcsh": "f"}


def takes_file(action: Action) -> None:
    """Mark an argument as a file for shell completion."""
    action.complete = _FILES  # type: ignore[attr-defined] # shtab reads it there


def add_image(parser: Parser, name: str, text: str, **options: Any) -> None:
    """Add an argument that is an image's reference."""
    takes_file(parser.add_argument(name, metavar=name.upper(), help=text, **options))


def add_reading(parser: Parser, *, cache: bool = True) -> None:
    """Add the options of every command that reads images.

    Args:
        parser: the command's.
        cache: whether the command uses the cache of layers already read.
    """
    group = parser.add_argument_group("reading images")
    group.add_argument("--platform", metavar="OS/ARCH", help="which image of an index (default: this machine's)")
    if cache:
        group.add_argument(
            "--no-cache", action="store_true", help="do not use or fill the cache (layers read, runs measured)"
        )
    group.add_argument(
        "--limit",
        metavar="NAME=VALUE",
        type=values.assignment,
        action="append",
        default=[],
        help="raise or lower a limit that protects against hostile input; a wrong NAME lists them all",
    )


def add_output(parser: Parser, *, schema: str = "") -> None:
    """Add the options on what is printed.

    Args:
        parser: the command's.
        schema: name of the JSON document; empty when the command has none.
    """
    group = parser.add_argument_group("output")
    if schema:
        group.add_argument(
            "--json", action="store_true", help=f"print a JSON document (jettison schema {schema}), errors as well"
        )
    group.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    group.add_argument("--debug", action="store_true", help="show the traceback of a bug in Jettison")


OUTPUTS = "oci:DIR, oci-archive:PATH, docker-archive:PATH, registry:NAME or docker:NAME"


def add_out(parser: Parser, text: str, *, required: bool) -> None:
    """Add ``-o``."""
    takes_file(parser.add_argument("-o", "--output", metavar="OUT", required=required, help=text))


def add_force(parser: Parser) -> None:
    """Add ``--force``."""
    parser.add_argument("--force", action="store_true", help="replace an output that exists")


def add_compression(parser: Parser, text: str) -> None:
    """Add ``--compression``."""
    parser.add_argument(
        "--compression", metavar="CODEC[:LEVEL]", type=values.compression, default=(None, None), help=text
    )


def add_bandwidth(parser: Parser) -> None:
    """Add ``--bandwidth``."""
    text = "link for which the pull is estimated, as 100Mbps or 125MB/s (default: 1Gbps)"
    parser.add_argument("--bandwidth", metavar="RATE", type=values.bandwidth, default=125_000_000, help=text)


def add_planning(parser: Parser) -> None:
    """Add the options that make a plan."""
    group = parser.add_argument_group("what may go")
    group.add_argument(
        "--tier",
        metavar="TIER",
        type=values.tier,
        help="how far to go: 0 or lossless (bytes that no container can see), 1 or build-only (the default), 2 or gpu "
        "(the default with --gpu), 3 or traced (what no workload asks for)",
    )
    group.add_argument("--keep", metavar="RULE", action="append", default=[], help=_KEEP)
    group.add_argument("--drop", metavar="RULE", action="append", default=[], help=_DROP)
    add_gpu(parser)
    add_traces(parser)


def add_layout(parser: Parser) -> None:
    """Add the options on how layers are cut."""
    group = parser.add_argument_group("layers")
    text = (
        "start: cut layers anew, so that what the workloads (or --trace) read first lies in layers of its own, in that "
        "order, and large layers come in pieces: one can be unpacked while the next is on its way. A trace then does "
        "not mean tier 3 by itself"
    )
    group.add_argument("--layout", choices=("start",), help=text)
    many = (
        f"how many layers there may be with --layout (default: {_LAYERS}); nothing is cut in an image that has as many"
    )
    group.add_argument("--layers", metavar="N", type=values.count, help=many)


_LAYERS = 10


def layers_from(args: Namespace) -> int:
    """Return how many layers there may be, from ``--layout`` and ``--layers``; 0 to leave them."""
    from jettison.plan.record import MOST_LAYERS  # noqa: PLC0415 -- only once a command runs

    if not args.layout and args.layers is not None:
        raise UsageError("--layers goes with --layout", hint="for example: --layout start --layers 6")
    if args.layers is not None and args.layers > MOST_LAYERS:
        raise UsageError(f"engines stack no more than {MOST_LAYERS} layers", hint="give --layers a smaller number")
    return (args.layers or _LAYERS) if args.layout else 0


def add_traces(parser: Parser) -> None:
    """Add the options on what tier 3 rests on."""
    group = parser.add_argument_group("traces (tier 3)")
    takes_file(
        group.add_argument(
            "--trace", metavar="FILE", action="append", default=[], help="what jettison trace recorded; repeatable"
        )
    )
    group.add_argument(
        "--python",
        metavar="DEPTH",
        choices=("module", "package", "distribution"),
        default="package",
        help="what of pure Python stays with a module that was used: the module, those beside it in its package (the "
        "default), or all of its distribution; libraries and data stay by file",
    )
    group.add_argument(
        "--lazy-imports",
        metavar="N",
        type=values.count,
        default=1,
        help="how many imports that stand in functions are followed, one behind another (default: 1)",
    )
    group.add_argument(
        "--incomplete-traces", action="store_true", help="use traces that lack something, at your own risk"
    )


def trace_options(args: Namespace) -> "TraceOptions":
    """Return what tier 3 rests on, from ``--trace`` and the options beside it."""
    from jettison.api.evidence import TraceOptions  # noqa: PLC0415 -- only once a command runs

    files = tuple(Path(name) for name in args.trace)
    return TraceOptions(files, args.python, args.lazy_imports, args.incomplete_traces)


def add_gpu(parser: Parser) -> None:
    """Add the options on GPU code."""
    group = parser.add_argument_group("GPU code (tier 2)")
    group.add_argument("--gpu", metavar="LIST", help=_GPU)
    group.add_argument("--ptx", metavar="WHICH", choices=("needed", "newest", "all"), help=_PTX)
    group.add_argument("--gpu-level", metavar="N", type=int, choices=(1, 2, 3), help=_LEVEL)
    group.add_argument("--gpu-scope", metavar="SCOPE", choices=("open", "all"), help=_SCOPE)


_GPU = (
    "the GPUs that the image will run on, by compute capability or name (9.0,8.0 or h100,a100); machine code that none "
    "of them can run goes. auto asks nvidia-smi and kubectl"
)
_PTX = (
    "PTX that stays: needed (where no machine code runs; the default), newest (of each fatbin, for newer GPUs) or all"
)
_LEVEL = (
    "1 (the default): sections that the CUDA runtime registers; 2: those that libraries choose from by themselves, "
    "too; 3 (experimental): cubins that lie packed in no fatbin (cuBLASLt)"
)
_SCOPE = (
    "open (the default): files that their licence lets one modify; all: NVIDIA's own libraries, too, whose licence "
    "forbids to modify them: whether you may is for you to find out"
)


_NOTICE = (
    "notice: --gpu-scope all changes files of NVIDIA's CUDA libraries as well, whose licence (CUDA EULA, 1.2) does not "
    "allow to modify them.\n        Whether you may, for your own use, is between you and NVIDIA; this is not legal "
    "advice.\n"
)
_RULE = "a path glob (/opt/**), owner:deb:curl or kind:'python tests' (globs too: owner:python:numpy*, kind:*tests*)"
_KEEP = f"keep what RULE matches: {_RULE}; repeatable"
_DROP = "remove what RULE matches, at your own risk; repeatable (RULE as for --keep)"


def add_workloads(parser: Parser) -> None:
    """Add ``-w``."""
    text = "TOML file that says how to start the service, and what to ask it; repeatable"
    takes_file(parser.add_argument("-w", "--workload", metavar="FILE", action="append", default=[], help=text))


def add_held(parser: Parser) -> None:
    """Add ``--verify-with``."""
    text = "a workload for the proof only: at tier 3 it is not traced, and shows what traces missed; repeatable"
    takes_file(parser.add_argument("--verify-with", metavar="FILE", action="append", default=[], help=text))


def add_engine(parser: Parser) -> None:
    """Add ``--engine``."""
    text = "what runs containers (default: embedded, the own sandbox; where the machine forbids it, an engine)"
    parser.add_argument("--engine", choices=("embedded", "docker", "podman", "nerdctl"), help=text)


def runner_from(args: Namespace) -> "Runner":
    """Return what runs containers, from ``--engine``."""
    from jettison.run.runner import EMBEDDED, runner_for  # noqa: PLC0415 -- only once a command runs

    return runner_for(args.engine) if args.workload or getattr(args, "verify_with", ()) else EMBEDDED


def plan_options(args: Namespace) -> "PlanOptions":
    """Return what a plan is to be, from ``--tier`` (else as far as Jettison can), ``--keep`` and ``--drop``."""
    from jettison.plan.options import DEFAULT_TIER, GPU_TIER, TRACED_TIER, PlanOptions  # noqa: PLC0415 -- as above

    for_layout = bool(getattr(args, "layout", None))  # there a trace says what is read first, and no more
    usual = TRACED_TIER if args.trace and not for_layout else GPU_TIER if args.gpu else DEFAULT_TIER
    tier = usual if args.tier is None else args.tier
    if args.gpu and tier < GPU_TIER:
        raise UsageError(f"--gpu goes with --tier {GPU_TIER} or more", hint="leave --tier out")
    if args.trace and tier < TRACED_TIER and not for_layout:
        raise UsageError(f"--trace goes with --tier {TRACED_TIER}", hint="leave --tier out")
    return PlanOptions(tier, tuple(args.keep), tuple(args.drop), treatment_from(args), args.gpu_scope == "all")


def treatment_from(args: Namespace) -> "Treatment | None":
    """Return how GPU code is pruned, from the options of :func:`add_gpu`; None where it is left."""
    from jettison.elf.arch import Choice  # noqa: PLC0415 -- only once a command runs
    from jettison.elf.treatment import Treatment  # noqa: PLC0415 -- as above

    if not args.gpu and (args.ptx or args.gpu_level or args.gpu_scope):
        raise UsageError("--ptx, --gpu-level and --gpu-scope go with --gpu", hint="for example: --gpu h100,a100")
    if args.gpu_scope == "all" and not args.quiet:
        write(_NOTICE, sys.stderr)
    return Treatment(Choice(_targets(args.gpu), args.ptx or "needed"), args.gpu_level or 1) if args.gpu else None


def _targets(text: str) -> tuple[int, ...]:
    from jettison.elf.arch import parse_targets  # noqa: PLC0415 -- only once a command runs
    from jettison.run.gpus import find_gpus  # noqa: PLC0415 -- as above

    return find_gpus() if text == "auto" else parse_targets(text)


def limits_from(args: Namespace) -> "Limits":
    """Return the limits, adjusted by ``--limit``.

    Raises:
        UsageError: a limit does not exist, or its value is no number above zero.
    """
    from jettison.layers.limits import parse_limits  # noqa: PLC0415 -- only once a command runs

    return parse_limits(f"{name}={_whole(value)}" for name, value in args.limit)


def _whole(value: str) -> str:
    """Return a size as a whole number, so that ``max-tar-size=64GB`` may be typed; other text as it is."""
    try:
        return str(values.size(value))
    except ArgumentTypeError:
        return value


def read_options(args: Namespace) -> "ReadOptions":
    """Return how images are read, from ``--no-cache`` and ``--limit``."""
    from jettison.files.read import ReadOptions  # noqa: PLC0415 -- only once a command runs

    return ReadOptions(limits=limits_from(args), cache=not args.no_cache)


def workloads_from(args: Namespace) -> "tuple[Workload, ...]":
    """Read the files of ``-w``."""
    return read_workloads(args.workload)


def read_workloads(names: "Sequence[str]") -> "tuple[Workload, ...]":
    """Read the files of workloads."""
    from jettison.run.workload_file import load_workload  # noqa: PLC0415 -- only once a command runs

    return tuple(load_workload(Path(name)) for name in names)


def plan_from(name: str | None) -> "Plan | None":
    """Read the plan file ``name``; None when there is none."""
    if name is None:
        return None
    from jettison.plan.document import plan_from_json  # noqa: PLC0415 -- only once a command runs

    return plan_from_json(Path(name).read_bytes())
