"""The rules of images, in the order shown to users; each sees what the ones before it take."""

from jettison.rules.build_files import BUILD_FILES
from jettison.rules.cuda_libraries import CUDA_LIBRARIES
from jettison.rules.cuda_twice import CUDA_TWICE
from jettison.rules.debug_information import DEBUG_INFORMATION
from jettison.rules.documentation import DOCUMENTATION
from jettison.rules.duplicates import DUPLICATES
from jettison.rules.gpu_code import GPU_CODE
from jettison.rules.headers import HEADERS
from jettison.rules.hidden_bytes import HIDDEN
from jettison.rules.locales import LOCALES
from jettison.rules.os_packages import OS_PACKAGES
from jettison.rules.package_caches import CACHE_FILES
from jettison.rules.python_documentation import PYTHON_DOCUMENTATION
from jettison.rules.python_installers import PYTHON_INSTALLERS
from jettison.rules.python_stdlib import PYTHON_STDLIB
from jettison.rules.record import Rule
from jettison.rules.stale_bytecode import STALE_BYTECODE
from jettison.rules.static_libraries import STATIC_LIBRARIES
from jettison.rules.tests import TESTS
from jettison.rules.traced import TRACED
from jettison.rules.triton import TRITON
from jettison.rules.type_stubs import STUBS
from jettison.rules.whiteouts import WHITEOUTS

IMAGE_RULES: tuple[Rule, ...] = (
    HIDDEN,
    WHITEOUTS,
    CACHE_FILES,
    STALE_BYTECODE,
    DUPLICATES,
    OS_PACKAGES,
    PYTHON_INSTALLERS,
    PYTHON_STDLIB,
    HEADERS,
    STATIC_LIBRARIES,
    TESTS,
    BUILD_FILES,
    STUBS,
    DOCUMENTATION,
    PYTHON_DOCUMENTATION,
    LOCALES,
    TRITON,
    CUDA_LIBRARIES,
    CUDA_TWICE,
    TRACED,
    GPU_CODE,
    DEBUG_INFORMATION,
)
