"""What in a build context deserves a second look: weights, data, caches, notebooks, secrets. By names, as data."""

import os
from typing import Literal

from jettison.regex import regex

Flag = Literal["weights", "data", "vcs", "venv", "cache", "output", "notebook", "secret", "editor", ""]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WEIGHTS = _words(
    """
    .pt .pth .ckpt .safetensors .onnx .bin .gguf .ggml .ggjt .h5 .hdf5 .keras .pkl .pickle .npz .npy .joblib .tflite
    .pb .engine .plan .trt .mlmodel .mlpackage .caffemodel .pdparams .pdmodel .pdiparams .weights .t7 .mar .nemo
    .llamafile .msgpack .torchscript .ot .uff .cbm .ubj
    """
)
DATA = _words(
    """
    .csv .tsv .parquet .arrow .feather .tfrecord .tfrecords .record .lmdb .mdb .jsonl .ndjson .zip .tar .tgz .7z .rar
    .gz .bz2 .xz .zst .mp4 .avi .mov .mkv .webm .wav .mp3 .flac .ogg .nii .dcm .tif .tiff .sqlite .db .xlsx .las .ply
    """
)
CACHES = _words(
    """
    node_modules __pycache__ .mypy_cache .pytest_cache .ruff_cache .hypothesis .tox .nox .ipynb_checkpoints .cache
    .eggs .pixi .parcel-cache .next htmlcov .dvc .gradle .terraform
    """
)
OUTPUTS = _words("wandb mlruns runs lightning_logs tensorboard tb_logs outputs checkpoints hf_cache .neptune")
EDITORS = _words(".idea .vscode .vs .fleet .devcontainer")
VCS = _words(".git .hg .svn .jj")
_SECRET_NAMES = _words(
    """
    id_rsa id_dsa id_ecdsa id_ed25519 credentials.json credentials .netrc _netrc .git-credentials .pypirc .npmrc
    .htpasswd kubeconfig kaggle.json secrets.toml secrets.yaml secrets.yml secrets.json service-account.json
    service_account.json terraform.tfstate .dockercfg .pgpass .my.cnf token.json
    """
)
_SECRET_SUFFIXES = (".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk")
_SECRET_PATHS = regex(r"(?:^|/)(?:\.kube/config|\.aws/credentials|\.docker/config\.json|\.huggingface/token)\Z")
_SECRET_SHAPES = regex(
    r"client_secrets?.*\.json|service[-_]account.*\.json|.*-firebase-adminsdk-.*\.json|\.env(?:\..+)?"
)
_HARMLESS = regex(
    r".*\.(?:example|sample|template|dist|tpl)\Z|\.env\.(?:test|schema)\Z|.*\.pub\Z|.*(?:ca-?cert|ca-bundle|chain|public).*\Z"
)


def flag_folder(path: str, names: frozenset[str] = frozenset()) -> Flag:
    """Return what a folder is by its name and by what lies in it; "" for one like any other.

    Args:
        path: relative to the context.
        names: of what lies directly in it.
    """
    name = os.path.basename(path)
    if name in VCS:
        return "vcs"
    if "pyvenv.cfg" in names or "conda-meta" in names:
        return "venv"
    if name in CACHES or name.endswith(".egg-info"):
        return "cache"
    if name in OUTPUTS:
        return "output"
    return "editor" if name in EDITORS else ""


def flag_file(path: str) -> Flag:
    """Return what a file is by its name; "" for one like any other. Its content is not read."""
    name = os.path.basename(path)
    lower = name.lower()
    if _is_secret(path, lower):
        return "secret"
    if lower.endswith(".ipynb"):
        return "notebook"
    suffix = os.path.splitext(lower)[1]
    if suffix in WEIGHTS:
        return "weights"
    if suffix in DATA:
        return "data"
    return "cache" if suffix in {".pyc", ".pyo"} or name == ".DS_Store" else ""


def _is_secret(path: str, lower: str) -> bool:
    if _HARMLESS.match(lower):
        return False
    return (
        lower in _SECRET_NAMES
        or lower.endswith(_SECRET_SUFFIXES)
        or _SECRET_SHAPES.fullmatch(lower) is not None
        or _SECRET_PATHS.search(path) is not None
    )
