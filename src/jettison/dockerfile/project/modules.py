"""Which distribution brings a module, where their names differ; as data, for the field that this is about.

A name that is not here is its own distribution's (``numpy``). The longest dotted name that fits wins.
"""

from jettison.dockerfile.project.dependencies import normal

_TABLE = """
apex nvidia-apex
attr attrs
azure.ai azure-ai-ml
azure.cognitiveservices azure-cognitiveservices-speech
azure.identity azure-identity
azure.keyvault azure-keyvault-secrets
azure.storage azure-storage-blob
bio biopython
Bio biopython
bs4 beautifulsoup4
clip openai-clip
community python-louvain
Crypto pycryptodome
Cryptodome pycryptodomex
cuda cuda-python
cudf cudf-cu12
cuml cuml-cu12
cupy cupy-cuda12x
cv2 opencv-python
dateutil python-dateutil
discord discord.py
dns dnspython
docx python-docx
dotenv python-dotenv
elftools pyelftools
faiss faiss-cpu
ffmpeg ffmpeg-python
fitz pymupdf
fla flash-linear-attention
gi pygobject
git gitpython
github pygithub
google.api google-api-core
google.api_core google-api-core
google.auth google-auth
google.cloud.aiplatform google-cloud-aiplatform
google.cloud.bigquery google-cloud-bigquery
google.cloud.logging google-cloud-logging
google.cloud.pubsub google-cloud-pubsub
google.cloud.secretmanager google-cloud-secret-manager
google.cloud.speech google-cloud-speech
google.cloud.storage google-cloud-storage
google.cloud.texttospeech google-cloud-texttospeech
google.cloud.translate google-cloud-translate
google.cloud.vision google-cloud-vision
google.genai google-genai
google.generativeai google-generativeai
google.oauth2 google-auth
google.protobuf protobuf
googleapiclient google-api-python-client
groundingdino groundingdino-py
grpc grpcio
grpc_health grpcio-health-checking
grpc_reflection grpcio-reflection
grpc_tools grpcio-tools
hydra hydra-core
igraph python-igraph
imblearn imbalanced-learn
jenkins python-jenkins
jose python-jose
jwt pyjwt
kafka kafka-python
ldap python-ldap
llama_cpp llama-cpp-python
magic python-magic
MeCab mecab-python3
memcache python-memcached
mpl_toolkits matplotlib
multipart python-multipart
mysql mysql-connector-python
MySQLdb mysqlclient
nacl pynacl
nvidia.dali nvidia-dali-cuda120
odf odfpy
OpenGL pyopengl
OpenSSL pyopenssl
opentelemetry opentelemetry-api
osgeo gdal
paddle paddlepaddle
past future
PIL pillow
pkg_resources setuptools
playhouse peewee
psycopg2 psycopg2-binary
pylab matplotlib
pynvml nvidia-ml-py
pythonjsonlogger python-json-logger
pywt pywavelets
rest_framework djangorestframework
ruamel ruamel.yaml
serial pyserial
skimage scikit-image
sklearn scikit-learn
skopt scikit-optimize
slugify python-slugify
snappy python-snappy
socketio python-socketio
speech_recognition speechrecognition
telegram python-telegram-bot
tree dm-tree
umap umap-learn
usb pyusb
websocket websocket-client
whisper openai-whisper
win32api pywin32
wx wxpython
xdg pyxdg
yaml pyyaml
zmq pyzmq
"""
DISTRIBUTIONS: dict[str, str] = dict(line.split() for line in _TABLE.strip().splitlines())

# Namespaces that distributions share, and how many parts of a name tell one: google.cloud.tasks is google-cloud-tasks.
_SHARED = {"google.cloud": 3, "google": 2, "azure": 2, "nvidia": 2, "opentelemetry": 2, "llama_index": 2, "zope": 2}

# Other distributions that bring the same module: any of them will do.
ALTERNATES: dict[str, tuple[str, ...]] = {
    "cv2": ("opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "tensorflow": ("tensorflow-cpu", "tf-nightly", "intel-tensorflow", "tensorflow-gpu"),
    "onnxruntime": ("onnxruntime-gpu", "onnxruntime-openvino", "onnxruntime-directml", "onnxruntime-qnn"),
    "faiss": ("faiss-gpu", "faiss-gpu-cu12", "faiss-gpu-cu11"),
    "psycopg2": ("psycopg2",),
    "cupy": ("cupy", "cupy-cuda11x", "cupy-cuda13x", "cupy-cuda102", "cupy-cuda110", "cupy-cuda111"),
    "pynvml": ("pynvml",),
    "Crypto": ("pycrypto",),
    "xgboost": ("xgboost-cpu",),
    "magic": ("python-magic-bin", "file-magic"),
    "clip": ("clip-anytorch", "clip"),
    "docx": ("docx",),
    "jwt": ("jwt",),
    "torch": ("torch-nightly",),
    "pytorch_lightning": ("lightning",),
    "lightning": ("pytorch-lightning",),
    "triton": ("pytorch-triton", "triton-windows"),
    "tensorrt": ("nvidia-tensorrt", "tensorrt-cu12", "tensorrt-cu11", "tensorrt-cu13"),
    "paddle": ("paddlepaddle-gpu",),
    "mysql": ("mysql-connector", "mysql"),
    "yaml": ("yaml", "pyyaml-ft"),
    "serial": ("serial",),
    "apex": ("apex",),
    "PIL": ("pillow-simd",),
    "google.protobuf": ("protobuf3",),
    "whisper": ("whisper",),
    "websocket": ("websocket",),
    "sklearn": ("sklearn", "scikit-learn-intelex"),
    "pycocotools": ("pycocotools-windows",),
    "tflite_runtime": ("tflite-runtime-nightly",),
    "Levenshtein": ("python-levenshtein",),
    "umap": ("umap",),
    "igraph": ("igraph",),
    "kafka": ("kafka-python-ng",),
    "dotenv": ("dotenv",),
    "cudf": ("cudf-cu11", "cudf-cu13"),
    "cuml": ("cuml-cu11", "cuml-cu13"),
}


def distribution_of(module: str) -> str:
    """Return the normalised name of the distribution that most likely brings a module.

    Args:
        module: dotted.
    """
    name = known_as(module)
    return normal(DISTRIBUTIONS.get(name, name))


def distributions_of(module: str) -> tuple[str, ...]:
    """Return the normalised names of all distributions that may bring a module, the most likely first."""
    name = known_as(module)
    others = (normal(other) for other in ALTERNATES.get(name, ()))
    return tuple(dict.fromkeys((distribution_of(module), *others)))


def known_as(module: str) -> str:
    """Return the part of a dotted name that tells the distribution: what the table has, else the first part.

    Of a namespace that distributions share it is the part below: ``google.cloud.tasks``, ``azure.storage``.
    """
    parts = module.split(".")
    if name := known_prefix(module):
        return name
    shared = next((count for prefix, count in _SHARED.items() if _begins(module, prefix)), 1)
    return ".".join(parts[:shared])


def _begins(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(f"{prefix}.")


def known_prefix(module: str) -> str:
    """Return the longest beginning of a dotted name that the table has; "" when it has none."""
    parts = module.split(".")
    names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((name for name in names if name in DISTRIBUTIONS), "")
