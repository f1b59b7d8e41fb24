"""Programs that start services and jobs, as data: where they listen and how they are asked for their health."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Launcher:
    """A program that starts what a container is for.

    Attributes:
        name: of the command, or of the module run with ``-m``.
        port: where it listens when nothing is said; 0 for none.
        health: paths that it answers by itself.
        flags: options without a value; all others take one.
        ports: options that name the port, or an address with it.
        takes: what its first argument is: ``app`` a module with an attribute, ``file`` a script, "" neither.
        skip: words before that argument (``run`` of ``streamlit run``).
        app: options that name the application.
    """

    name: str
    port: int = 0
    health: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    ports: tuple[str, ...] = ("--port", "-p")
    takes: str = ""
    skip: tuple[str, ...] = ()
    app: tuple[str, ...] = ()


def _flags(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GUNICORN = _flags(
    """
    --reload --preload --daemon -D --check-config --print-config --no-sendfile --reuse-port --capture-output --spew -R
    --enable-stdio-inheritance --log-syslog --proxy-protocol --suppress-ragged-eofs --do-handshake-on-connect
    """
)
_UVICORN = _flags(
    """
    --reload --no-access-log --access-log --use-colors --no-use-colors --proxy-headers --no-proxy-headers --factory
    --server-header --no-server-header --date-header --no-date-header
    """
)
_TORCHRUN = _flags("--standalone --no-python --no_python --run-path --run_path -m --module")
_ACCELERATE = _flags(
    "--multi_gpu --cpu --tpu --mps --use_deepspeed --use_fsdp --use_megatron_lm --quiet --debug -q -m --module"
)

LAUNCHERS: tuple[Launcher, ...] = (
    Launcher("uvicorn", 8000, (), _UVICORN, ("--port",), "app"),
    Launcher("gunicorn", 8000, (), _GUNICORN, ("-b", "--bind"), "app"),
    Launcher("hypercorn", 8000, (), _flags("--reload --debug --error-log-target"), ("-b", "--bind"), "app"),
    Launcher("daphne", 8000, (), _flags("--proxy-headers"), ("-p", "--port"), "app"),
    Launcher("granian", 8000, (), _flags("--reload --access-log --no-access-log --factory"), ("--port",), "app"),
    Launcher("waitress-serve", 8080, (), _flags("--call"), ("--port", "--listen"), "app"),
    Launcher(
        "uwsgi",
        0,
        (),
        _flags("--master --enable-threads --die-on-term --lazy-apps"),
        ("--http", "--http-socket", "--socket"),
        "",
        (),
        ("--module", "-w", "--wsgi"),
    ),
    Launcher(
        "fastapi",
        8000,
        (),
        _flags("--reload --no-reload --proxy-headers"),
        ("--port",),
        "file",
        ("run", "dev"),
        ("--app",),
    ),
    Launcher(
        "flask",
        5000,
        (),
        _flags("--debug --no-debug --reload --no-reload --with-threads"),
        ("-p", "--port"),
        "",
        ("run",),
        ("--app", "-A"),
    ),
    Launcher("streamlit", 8501, ("/_stcore/health",), frozenset(), ("--server.port",), "file", ("run",)),
    Launcher("gradio", 7860, (), frozenset(), (), "file"),
    Launcher("chainlit", 8000, (), _flags("-h --headless -w --watch -d --debug"), ("--port",), "file", ("run",)),
    Launcher("panel", 5006, ("/liveness",), _flags("--autoreload --dev --show"), ("--port",), "file", ("serve",)),
    Launcher("torchrun", 0, (), _TORCHRUN, (), "file"),
    Launcher("accelerate", 0, (), _ACCELERATE, (), "file", ("launch",)),
    Launcher("deepspeed", 0, (), _flags("--no_python --no_local_rank --module --force_multi"), (), "file"),
    Launcher("celery", 0, (), frozenset(), (), "", ("worker",), ("-A", "--app")),
    Launcher("rq", 0),
    Launcher(
        "serve", 8000, ("/-/healthz",), _flags("--blocking --non-blocking --reload -r"), ("--port",), "app", ("run",)
    ),
    Launcher(
        "bentoml",
        3000,
        ("/readyz", "/livez", "/healthz"),
        _flags("--production --reload --development"),
        ("-p", "--port"),
        "app",
        ("serve", "serve-http"),
    ),
    Launcher("mlserver", 8080, ("/v2/health/ready", "/v2/health/live"), frozenset(), (), "", ("start",)),
    Launcher("tritonserver", 8000, ("/v2/health/ready", "/v2/health/live"), frozenset(), ("--http-port",)),
    Launcher("vllm", 8000, ("/health",), frozenset(), ("--port",), "", ("serve",)),
    Launcher("vllm.entrypoints.openai.api_server", 8000, ("/health",)),
    Launcher("vllm.entrypoints.api_server", 8000, ("/health",)),
    Launcher("sglang.launch_server", 30000, ("/health",)),
    Launcher("llama_cpp.server", 8000, ("/v1/models",)),
    Launcher("text-generation-launcher", 3000, ("/health",)),
    Launcher("text-embeddings-router", 3000, ("/health",)),
    Launcher(
        "torchserve", 8080, ("/ping",), _flags("--start --foreground --ncs --no-config-snapshots --disable-token-auth")
    ),
    Launcher("multi-model-server", 8080, ("/ping",), _flags("--start --foreground")),
    Launcher("tensorflow_model_server", 8500, (), frozenset(), ("--rest_api_port",)),
    Launcher(
        "mlflow", 5000, ("/health", "/ping"), _flags("--no-conda"), ("-p", "--port"), "", ("server", "models", "ui")
    ),
    Launcher(
        "jupyter",
        8888,
        ("/api",),
        _flags("--allow-root --no-browser -y"),
        ("--port",),
        "",
        ("lab", "notebook", "server", "nbclassic"),
    ),
    Launcher("jupyter-lab", 8888, ("/api",)),
    Launcher("jupyter-notebook", 8888, ("/api",)),
    Launcher("tensorboard", 6006, ("/",)),
    Launcher("http.server", 8000, ("/",)),
    Launcher("label-studio", 8080, ("/health",)),
)
BY_NAME: dict[str, Launcher] = {launcher.name: launcher for launcher in LAUNCHERS}
MODULES = {
    "torch.distributed.run": "torchrun",
    "torch.distributed.launch": "torchrun",
    "accelerate.commands.launch": "accelerate",
    "ray.serve": "serve",
    "waitress": "waitress-serve",
}

# Programs that start the rest of their words: options without a value, and how many words of their own come first.
WRAPPERS: dict[str, tuple[frozenset[str], int]] = {
    "tini": (_flags("-s -g -v -vv -vvv -w"), 0),
    "dumb-init": (_flags("-c --single-child -v --verbose"), 0),
    "catatonit": (frozenset(), 0),
    "docker-init": (frozenset(), 0),
    "s6-setuidgid": (frozenset(), 1),
    "gosu": (frozenset(), 1),
    "su-exec": (frozenset(), 1),
    "setpriv": (_flags("--init-groups --clear-groups --keep-groups --nnp"), 0),
    "sudo": (_flags("-E -n -H -S"), 0),
    "env": (_flags("-i"), 0),
    "nohup": (frozenset(), 0),
    "exec": (frozenset(), 0),
    "time": (_flags("-p -v"), 0),
    "nice": (frozenset(), 0),
    "timeout": (_flags("--foreground --preserve-status -v"), 1),
    "stdbuf": (_flags("-oL -eL -o0 -e0 -i0"), 0),
    "xvfb-run": (_flags("-a --auto-servernum"), 0),
    "ddtrace-run": (frozenset(), 0),
    "opentelemetry-instrument": (frozenset(), 0),
    "newrelic-admin": (frozenset(), 1),
    "nvidia_entrypoint.sh": (frozenset(), 0),
    "mpirun": (_flags("--allow-run-as-root"), 0),
    "numactl": (_flags("--all -a --localalloc -l"), 0),
    "catchsegv": (frozenset(), 0),
}
RUNNERS: dict[str, frozenset[str]] = {  # with the word "run" behind, and its options without a value
    "uv": _flags(
        "--frozen --locked --no-sync --no-dev --no-project --offline --isolated --all-extras -q --quiet --active"
    ),
    "poetry": _flags("-q --quiet -n --no-interaction"),
    "pipenv": frozenset(),
    "pdm": frozenset(),
    "hatch": frozenset(),
    "pixi": _flags("--frozen --locked"),
    "conda": _flags("--no-capture-output --live-stream"),
    "mamba": _flags("--no-capture-output --live-stream"),
    "micromamba": frozenset(),
    "rye": frozenset(),
}
