"""``jettison ladder DIR``: a project built step by step, each measured and proved."""

from argparse import Namespace
from pathlib import Path

from jettison.cli import options, values
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.cli.streams import write
from jettison.errors import EXIT_CHECK_FAILED, EXIT_OK

HELP = Help(
    "Build a project as it is, with lint's fixes, and rewritten; slim what was built, for your GPUs as well; compose "
    "it without an engine. Each step is measured (disk, pull, build, build after a change of code, time to ready, cold "
    "start) and has to answer the workload as the first does; one that does not is shown as failed. Images and figures "
    "stay in the work folder, so that a run that was stopped goes on.",
    (
        ("jettison ladder . -w detect.toml --work ../ladder", "all steps that apply"),
        (
            "jettison ladder . -w detect.toml --work ../ladder --bandwidth 1Gbps --gpu h100",
            "with cold starts, and for GPUs",
        ),
        ("jettison ladder . -w detect.toml --work ../ladder --markdown", "for a README or a pull request"),
    ),
    failed="a step failed",
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.takes_file(parser.add_argument("folder", metavar="DIR", help="the project: a folder with a Dockerfile"))
    text = "TOML file that says how to start the service, and what to ask it"
    options.takes_file(parser.add_argument("-w", "--workload", metavar="FILE", required=True, help=text))
    options.add_held(parser)
    work = "folder for images and figures (default: DIR-ladder beside the project)"
    options.takes_file(parser.add_argument("--work", metavar="DIR", help=work))
    parser.add_argument("-f", "--dockerfile", metavar="NAME", default="Dockerfile", help="default: Dockerfile")
    parser.add_argument("--builder", choices=("docker", "podman", "buildah"), help="default: the first that is here")
    parser.add_argument("--network", metavar="MODE", help="for RUN: host or none")
    options.add_engine(parser)
    compose = "one more step: this compose file, without an engine"
    options.takes_file(parser.add_argument("--compose", metavar="FILE", help=compose))
    parser.add_argument("--code", metavar="PATH", help="file that is changed for a build after a change of code")
    link = "measure cold starts over such a link, as 1Gbps"
    parser.add_argument("--bandwidth", metavar="RATE", type=values.bandwidth, default=0, help=link)
    only = "this step, and the first; repeatable"
    parser.add_argument("--only", metavar="STEP", action="append", default=[], help=only)
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    options.add_gpu(parser)
    options.add_output(parser, schema="ladder")


def run(args: Namespace) -> int:
    """Climb, report."""
    from jettison.api.ladder import LadderOptions, failed, ladder  # noqa: PLC0415 -- only once the command runs
    from jettison.report.markdown import markdown  # noqa: PLC0415 -- as above
    from jettison.report.text.ladder import ladder_blocks  # noqa: PLC0415 -- as above
    from jettison.run.link import Shape  # noqa: PLC0415 -- as above

    args.workload = [args.workload]
    (workload,) = options.workloads_from(args)
    settings = LadderOptions(
        dockerfile=args.dockerfile,
        builder=args.builder or "",
        network=args.network or "",
        gpu=options.treatment_from(args),
        gpu_everywhere=args.gpu_scope == "all",
        held=options.read_workloads(args.verify_with),
        compose=Path(args.compose) if args.compose else None,
        code=args.code or "",
        shape=Shape(args.bandwidth) if args.bandwidth else None,
        runner=options.runner_from(args),
        only=tuple(args.only),
    )
    project = Path(args.folder)
    work = Path(args.work) if args.work else project.resolve().with_name(f"{project.resolve().name}-ladder")
    with progress_of(args) as progress:
        record = ladder(project, work, workload, settings, progress=progress)
    if args.markdown and not args.json:
        write(markdown(ladder_blocks(record)))
    else:
        emit(args, record, lambda: ladder_blocks(record))
    return EXIT_CHECK_FAILED if failed(record) else EXIT_OK
