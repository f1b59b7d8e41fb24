"""``jettison coldstart IMAGE``: where a cold start's seconds go."""

from argparse import Namespace

from jettison.cli import options, values
from jettison.cli.commands import Help
from jettison.cli.output import emit, progress_of
from jettison.cli.parser import Parser
from jettison.errors import EXIT_OK

HELP = Help(
    "Measure cold starts: the pull over a link of its own, unpacking, the container made, Python's imports, loading "
    "until ready, the first answer; then say which of them is the bottleneck, and what each remedy would save, in "
    "seconds, before anyone does the work. With --bandwidth the link is shaped in network namespaces that vanish "
    "afterwards, or paced by the sender where the machine allows none. --model measures nothing, and works the pull "
    "out; --disk says how fast the node writes that it, and the remedies, are worked out for.",
    (
        ("jettison coldstart oci:app -w detect.toml --bandwidth 1Gbps", "three cold starts over a gigabit link"),
        ("jettison coldstart docker:app:1 -w detect.toml --engine docker --repeat 1", "as Docker pulls and runs it"),
        ("jettison coldstart registry:HOST/app:1 --model --bandwidth 10Gbps", "worked out, nothing is run"),
        ("jettison coldstart oci:app --model --disk 200MB/s", "for a node whose disk writes 200 MB a second"),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    options.add_image(parser, "image", "the image to start")
    workload = "TOML file that says how to start the service, and what to ask it"
    options.takes_file(parser.add_argument("-w", "--workload", metavar="FILE", help=workload))
    text = "what pulls and runs it (default: embedded, the own sandbox)"
    parser.add_argument("--engine", choices=("embedded", "docker", "podman", "nerdctl"), default="embedded", help=text)
    link = "make the link this slow, as 100Mbps or 125MB/s (default: as fast as this machine)"
    parser.add_argument("--bandwidth", metavar="RATE", type=values.bandwidth, default=0, help=link)
    rtt = "add this round trip to the link, as 5ms, where the kernel can"
    parser.add_argument("--rtt", metavar="TIME", type=values.duration, default=0.0, help=rtt)
    disk = "work the pull out for a node whose disk writes this much, as 500MB/s (default: it is no limit)"
    parser.add_argument("--disk", metavar="RATE", type=values.bandwidth, default=0, help=disk)
    repeat = "cold starts to measure (default: 3); medians are told"
    parser.add_argument("--repeat", metavar="N", type=values.count, default=3, help=repeat)
    parser.add_argument("--model", action="store_true", help="measure nothing: work the pull out")
    options.add_reading(parser)
    options.add_output(parser, schema="cold-start")


def run(args: Namespace) -> int:
    """Measure, explain, report."""
    from jettison.api.coldstart import coldstart  # noqa: PLC0415 -- only once the command runs
    from jettison.report.text.coldstart import coldstart_blocks  # noqa: PLC0415 -- as above
    from jettison.run.link import Shape  # noqa: PLC0415 -- as above

    args.workload = [args.workload] if args.workload else []
    workloads = options.workloads_from(args)
    with progress_of(args) as progress:
        record = coldstart(
            args.image,
            platform=args.platform,
            workload=workloads[0] if workloads else None,
            shape=Shape(args.bandwidth, args.rtt),
            engine=args.engine,
            disk=args.disk,
            passes=0 if args.model else args.repeat,
            options=options.read_options(args),
            progress=progress,
        )
    emit(args, record, lambda: coldstart_blocks(record))
    return EXIT_OK
