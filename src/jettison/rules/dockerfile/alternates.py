"""Heavy packages and what does the same with less: a table, each row with when it is right."""

from dataclasses import dataclass
from typing import Literal

from jettison.rules.dockerfile.tables import words

When = Literal["always", "no windows", "on CPUs", "service"]


@dataclass(frozen=True, slots=True)
class Alternate:
    """A distribution and a lighter one.

    Attributes:
        name: of the heavy one.
        instead: a requirement's name that stands in its place; empty when there is only advice.
        when: ``always``; ``no windows``: nothing opens windows; ``on CPUs``: the image has no GPU; ``service``: it
            serves.
        why: what is saved, and what to do; the end of a sentence.
    """

    name: str
    instead: str
    when: When
    why: str


ALTERNATES: tuple[Alternate, ...] = (
    Alternate(
        "opencv-python",
        "opencv-python-headless",
        "no windows",
        "brings Qt and needs X11 libraries; opencv-python-headless is the same without windows",
    ),
    Alternate(
        "opencv-contrib-python",
        "opencv-contrib-python-headless",
        "no windows",
        "brings Qt and needs X11 libraries; opencv-contrib-python-headless is the same without windows",
    ),
    Alternate(
        "tensorflow",
        "tensorflow-cpu",
        "on CPUs",
        "has its GPU kernels, 300 MB, which need a GPU; tensorflow-cpu is the same without them",
    ),
    Alternate(
        "tensorflow-gpu",
        "",
        "always",
        "was withdrawn: its last release is an error; tensorflow, with [and-cuda] for GPUs, is its successor",
    ),
    Alternate(
        "pyspark",
        "",
        "service",
        "brings 300 MB of Java archives and needs Java; pyspark-client does for a remote Spark",
    ),
    Alternate(
        "psycopg2",
        "",
        "always",
        "is compiled, with gcc and libpq-dev; psycopg2-binary brings its library, or compile it in a builder stage",
    ),
)
TOGETHER: tuple[tuple[str, str, str], ...] = (
    ("opencv-python", "opencv-python-headless", "both write the folder cv2, and the last one wins: keep one"),
    ("opencv-python", "opencv-contrib-python", "both write the folder cv2, and the last one wins: keep one"),
    ("opencv-python", "opencv-contrib-python-headless", "both write the folder cv2, and the last one wins: keep one"),
    ("opencv-contrib-python", "opencv-python-headless", "both write the folder cv2, and the last one wins: keep one"),
    ("onnxruntime", "onnxruntime-gpu", "both write the folder onnxruntime, and the last one wins: keep one"),
    ("faiss-cpu", "faiss-gpu", "both write the folder faiss, and the last one wins: keep one"),
    ("tensorflow", "tensorflow-cpu", "both write the folder tensorflow, and the last one wins: keep one"),
    ("tensorflow", "tensorflow-gpu", "both write the folder tensorflow, and the last one wins: keep one"),
    ("psycopg2", "psycopg2-binary", "both write the folder psycopg2, and the last one wins: keep one"),
)
"""Pairs that are not to be installed both, and why."""
WANTS_WINDOWS = words(
    "pyqt5 pyqt6 pyside2 pyside6 kivy dearpygui wxpython pygame pyglet pynput pyautogui open3d pyrealsense2 napari"
    " vispy mayavi pyopengl mujoco"
)
"""Distributions of programs with windows."""
DEPENDS_ON_OPENCV = words(
    "ultralytics imgaug mmcv mmcv-full mmcv-lite mmengine mmdet mmdet3d mmsegmentation mmpose mmocr deepface "
    "supervision"
    " groundingdino groundingdino-py paddleocr norfair insightface gradio-imageslider doclayout-yolo facexlib basicsr"
    " realesrgan gfpgan controlnet-aux retina-face mtcnn lama-cleaner rembg autodistill mineru magic-pdf dlib-bin"
)
"""Distributions that install opencv-python themselves: the headless kind would come beside it."""
DEPENDS_ON = {
    "opencv-python": DEPENDS_ON_OPENCV,
    "opencv-contrib-python": DEPENDS_ON_OPENCV,
    "tensorflow": words(
        "tensorflow-serving-api tensorflow-hub tf-keras tensorflow-text tf-models-official tfx deepface"
        " spleeter tensorflow-data-validation tensorflow-transform tensorflowjs tensorflow-decision-forests"
        " tensorflow-model-analysis keras-cv mtcnn retina-face"
    ),
}
"""By heavy distribution: what installs it in any case."""
NEEDLESS_EXTRAS = frozenset(
    {"all", "dev", "test", "tests", "testing", "docs", "doc", "complete", "all-docs", "lint", "quality"}
)
"""Extras for those who work on a package, or for everything that it can be used with."""
EVERYTHING = frozenset({"all", "complete", "all-docs"})
SYSTEM: tuple[tuple[str, str], ...] = (
    (r"default-jdk(?:-headless)?", "has Java's compiler: default-jre-headless runs programs"),
    (r"openjdk-\d+-jdk(?:-headless)?", "has Java's compiler: the package that ends in -jre-headless runs programs"),
    (r"texlive-full", "is 6 GB: name the parts that are used"),
    (
        r"python3-opencv",
        "brings OpenCV with its windows and 300 MB of dependencies: opencv-python-headless by pip does",
    ),
    (r"libopencv-dev", "brings OpenCV's headers and all its modules: opencv-python-headless by pip brings its own"),
)
"""Packages of the system: a pattern of their names, and what to do."""
