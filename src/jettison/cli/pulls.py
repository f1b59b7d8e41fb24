"""``jettison pulls [FILE]``: image pulls as Kubernetes tells of them."""

from argparse import Namespace

from jettison.cli import options, values
from jettison.cli.commands import Help
from jettison.cli.output import emit
from jettison.cli.parser import Parser
from jettison.cli.streams import write
from jettison.errors import EXIT_OK

HELP = Help(
    "Read the events of a cluster, and say of each image how often and how long it was pulled, how large it is, and "
    "how long pulls waited in the kubelet's queue; by image or by node, as a table or as metrics for Prometheus. "
    "Kubernetes keeps events for an hour, so a file that is written regularly tells more.",
    (
        ("jettison pulls", "ask kubectl"),
        ("jettison pulls events.json --by node", "what kubectl get events -A -o json printed"),
        ("jettison pulls --metrics kubelet.txt", "a kubelet's own histogram, by size, since it was started"),
        ("jettison pulls events.json --prometheus", "metrics, for node_exporter's textfile collector"),
    ),
)


def configure(parser: Parser) -> None:
    """Add the arguments."""
    text = "events as JSON; - for standard input (default: ask kubectl)"
    options.takes_file(parser.add_argument("file", metavar="FILE", nargs="?", help=text))
    metrics = (
        "metrics of a kubelet (kubectl get --raw /api/v1/nodes/NODE/proxy/metrics: pulls by size) or of containerd "
        "(its [metrics] address, /v1/metrics: pulls by how they ended, and their throughput)"
    )
    options.takes_file(parser.add_argument("--metrics", metavar="FILE", help=metrics))
    parser.add_argument("--by", choices=("image", "node"), default="image", help="rows of the table (default: image)")
    parser.add_argument("--prometheus", action="store_true", help="print metrics instead of a table")
    parser.add_argument("--top", metavar="N", type=values.count, default=20, help="rows of the table (default: 20)")
    options.add_output(parser, schema="pull-report")


def run(args: Namespace) -> int:
    """Read and report."""
    from jettison.api.pulls import pulls  # noqa: PLC0415 -- only once the command runs
    from jettison.report.prometheus import prometheus_text  # noqa: PLC0415 -- as above
    from jettison.report.text.pulls import pulls_blocks  # noqa: PLC0415 -- as above

    record = pulls(args.file, metrics=args.metrics)
    if args.prometheus and not args.json:
        write(prometheus_text(record))
        return EXIT_OK
    emit(args, record, lambda: pulls_blocks(record, by_node=args.by == "node", top=args.top))
    return EXIT_OK
