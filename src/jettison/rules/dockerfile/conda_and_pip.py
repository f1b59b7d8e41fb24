"""The same library from conda and from pip."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.conda_calls import conda_installs, specs_of
from jettison.rules.dockerfile.installs import index_of, pip_installs, wishes_of
from jettison.rules.dockerfile.record import Claim, Example, Find, Rule

_CONDA_NAMES = {
    "pytorch": "torch",
    "pytorch-gpu": "torch",
    "pytorch-cpu": "torch",
    "torchvision": "torchvision",
    "torchaudio": "torchaudio",
    "tensorflow": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "numpy": "numpy",
    "scipy": "scipy",
    "pandas": "pandas",
    "scikit-learn": "scikit-learn",
    "opencv": "opencv-python",
    "py-opencv": "opencv-python",
    "jaxlib": "jaxlib",
    "onnxruntime": "onnxruntime",
    "xgboost": "xgboost",
}


def _check(case: Case) -> Iterator[Find]:
    for stage in case.shipped:
        by_conda = {
            _CONDA_NAMES[spec.name]: call
            for site, call in conda_installs(case)
            if site.stage == stage and not _other_environment(call.values("-n", "--name", "-p", "--prefix"))
            for spec in specs_of(call)
            if spec.name in _CONDA_NAMES
        }
        for site, call in pip_installs(case):
            both = [wish for wish in wishes_of(call) if wish.name in by_conda] if site.stage == stage else []
            if both and not any("conda" in name or "mamba" in name for name in call.wrappers):
                names = tuple(wish.word.value or wish.name for wish in both)
                yield Find(
                    f"conda installs {both[0].name} in this stage, and pip installs it again over it",
                    call.command.span,
                    claims=(Claim("wheels", names, index=index_of(call)),),
                )


def _other_environment(names: tuple[str | None, ...]) -> bool:
    return any(name not in ("base", "root") for name in names)


CONDA_AND_PIP = Rule(
    name="conda-and-pip",
    title="the same library from conda and from pip",
    severity="medium",
    confidence="medium",
    why="pip does not know what conda's packages hold. Where it takes the installed version for wanting, it removes "
    "conda's files and writes its own; both are stored when the RUNs differ. conda's and pip's builds of PyTorch bring "
    "a CUDA each, and two OpenMP libraries in one process crash it. Install a library, and all that links it, by one "
    "of the two.",
    sources=("conda's documentation, Using pip in a conda environment",),
    check=_check,
    fixes="none",
    bad=(
        Example(
            "FROM continuumio/miniconda3\nRUN conda install -y pytorch=2.2 && conda clean -afy\n"
            "RUN pip install torch==2.4 --no-cache-dir\n"
        ),
    ),
    good=(
        Example("FROM continuumio/miniconda3\nRUN conda install -y faiss-gpu=1.8\nRUN pip install torch==2.4\n"),
        Example("FROM continuumio/miniconda3\nRUN conda create -n a pytorch=2.2\nRUN pip install torch==2.4\n"),
    ),
)
