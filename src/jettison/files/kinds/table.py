"""The kinds, in the order shown to users. To teach Jettison a new sort of file, add to a row or add a row.

How a file is matched (:mod:`jettison.files.kinds.match`): the first of these that says something decides.

1. ``trees``: where it lies, from the root (the longest wins)
2. ``names``: its name, as a regular expression for the whole name
3. ``folders``: a folder it lies in, anywhere (the outermost wins); ``python_folders`` only inside a Python library
4. ``programs``: its name, when it lies in a ``bin`` or ``libexec`` folder
5. ``suffixes`` of kinds that are not ``general``; ``least`` is the size from which a suffix counts
6. ``loose_trees`` and ``loose_folders``: where it lies, for what is still not known
7. what its ELF header says
8. ``trees``, then ``suffixes``, of ``general`` kinds
9. its mode: executable or not
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

SHARED_LIBRARY = "shared library"
GPU_CODE = "gpu code"
EXECUTABLE = "executable"
OBJECT = "compiler or build tool"
MODEL_WEIGHTS = "model weights"
CACHE = "package cache or list"
DIRECTORY = "directory"
SPECIAL = "device or pipe"
WHITEOUT = "whiteout"
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file and what makes a file one.

    Attributes:
        name: as shown and as ``--keep kind:NAME`` takes it.
        description: one line.
        suffixes: ends of names, with the dot, lower case; a value is the least size in bytes.
        names: regular expression for whole names, lower case.
        trees: paths from the root, without a slash at the end; ``*`` stands for any characters but ``/``.
        folders: a folder's name or ``parent/name``, anywhere.
        python_folders: the same, below a Python library folder only.
        programs: regular expression for whole names in ``bin`` and ``libexec`` folders.
        loose_trees: as trees, asked later.
        loose_folders: as folders, asked later.
        general: asked last.
    """

    name: str
    description: str
    suffixes: Mapping[str, int] = field(default_factory=dict)
    names: str = ""
    trees: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    python_folders: tuple[str, ...] = ()
    programs: str = ""
    loose_trees: tuple[str, ...] = ()
    loose_folders: tuple[str, ...] = ()
    general: bool = False


def _any(suffixes: str, least: int = 0) -> dict[str, int]:
    return dict.fromkeys(suffixes.split(), least)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_CODE = "py pyc pyi pyx so h hpp c js ts css json yaml yml toml csv bin db mo pl pm sh".split()  # noqa: SIM905 -- a list
_TEXT = r"(?:[._-][\w.-]*)?" + "".join(rf"(?<!\.{suffix})" for suffix in _CODE)  # the rest of a text file's name
_LICENCE = r"licen[sc]es?"
_TOOL = r"(?:[\w]+-linux-(?:gnu|musl)\w*-)?(?:{})(?:-[\d.]+)?"
_COMPILERS = (
    r"gcc|g\+\+|c\+\+|cc|cpp|c89(?:-gcc)?|c99(?:-gcc)?|gcc-(?:ar|nm|ranlib)|gcov(?:-dump|-tool)?|lto-dump|ld|ld\.(?:bfd|gold|lld)|"
    r"gold|as|ar|nm|ranlib|objcopy|objdump|strip|readelf|size|strings|addr2line|elfedit|gprof(?:ng)?|dwp|c\+\+filt|"
    r"clang|clang\+\+|clang-cpp|lld|llc|opt|llvm-[\w-]+|gfortran|f77|f95|make|gmake|make-first-existing-target|cmake|"
    r"ctest|cpack|ninja|meson|autoconf|automake|aclocal|autoreconf|autoheader|libtoolize?|m4|bison|yacc|flex|lex|"
    r"pkg-config|pkgconf|swig|nasm|yasm|patchelf|gdb|dpkg-(?:buildpackage|gencontrol|shlibdeps|source|genchanges|"
    r"genbuildinfo|checkbuilddeps|architecture|vendor|parsechangelog|scanpackages|scansources|mergechangelogs|gensymbols|"
    r"distaddfile|buildflags|buildapi|buildtree|name)|protoc(?:-[\d.]+)?|rustc|cargo|go|gofmt|cython|cythonize|f2py"
)
_CUDA_TOOLS = (
    r"nvcc(?:\.profile)?|ptxas|nvlink|fatbinary|bin2c|cudafe\+\+|cuobjdump|nvdisasm|nvprune|cuda-gdb(?:server)?|"
    r"cuda-memcheck|compute-sanitizer|nsys(?:-ui)?|ncu(?:-ui)?|nvprof|nvvp|nsight[\w-]*|cu\+\+filt|cicc"
)

KINDS: tuple[Kind, ...] = (
    Kind(SHARED_LIBRARY, "shared libraries and extension modules: the host's code in them", _any(".so .dylib")),
    Kind(
        GPU_CODE, "GPU code: inside shared libraries (counted apart) and in files", _any(".cubin .fatbin .ptx .hsaco")
    ),
    Kind("static library", "archives of object code, of use to a linker only", _any(".a .lib")),
    Kind(
        "header",
        "C, C++, CUDA and Cython declarations, of use to a compiler only",
        _any(".h .hh .hpp .hxx .h++ .cuh .inl .ipp .tcc .pxd .pxi"),
        loose_trees=("usr/include", "usr/local/include"),
        loose_folders=("include/c++",),
    ),
    Kind("debug information", "DWARF apart from its program", _any(".debug .dwo .dwp .pdb"), trees=("usr/lib/debug",)),
    Kind("python source", "Python modules", _any(".py .pyw")),
    Kind("python bytecode", "compiled Python modules", _any(".pyc .pyo")),
    Kind(
        "python tests",
        "test suites inside Python libraries",
        python_folders=("tests", "test", "idlelib/idle_test"),
    ),
    Kind("type stubs", "Python type stubs and markers", _any(".pyi"), names=r"py\.typed"),
    Kind("tests", "test suites elsewhere", loose_folders=("tests", "test")),
    Kind(
        "documentation",
        "documentation that no program reads",
        # by name and place only: scikit-learn reads .rst files, others .md and .txt
        names=rf"(?:readme|changelog|changes|history|news|authors|contributors|contributing|todo|thanks){_TEXT}",
        folders=_words("share/doc share/doc-base share/gtk-doc share/help share/lintian share/bug"),
        loose_folders=("docs", "doc"),
    ),
    Kind("manual page", "man and info pages", folders=("share/man", "share/info")),
    Kind(
        "locale",
        "translations and locale definitions",
        _any(".mo .po .pot .gmo"),
        folders=_words("share/locale share/i18n lib/locale LC_MESSAGES share/locale-langpack"),
    ),
    Kind(
        "licence",
        "licences and notices, which have to stay with what they license",
        names=rf"(?:(?:un)?{_LICENCE}|(?:third[_-]?party[_-]?)?notices?|third[_-]?party[_-]?{_LICENCE}|"
        rf"copying|copyright|eula|patents){_TEXT}",
        trees=("usr/share/common-licenses",),
    ),
    Kind(
        CACHE,
        "package managers' caches, lists and logs",
        trees=_words(
            """
            var/lib/apt/lists var/cache/apt var/cache/apk var/cache/dnf var/cache/yum var/cache/debconf var/cache/man
            var/cache/ldconfig var/log/apt var/log/dpkg.log var/log/alternatives.log var/log/bootstrap.log var/log/dnf*
            var/lib/dpkg/status-old var/lib/dpkg/diversions-old var/lib/dpkg/statoverride-old var/lib/dpkg/available-old
            var/lib/dnf opt/conda/pkgs opt/miniconda/pkgs opt/miniconda3/pkgs
            """
        ),
        folders=_words(
            """
            .cache/pip .cache/uv .cache/pypoetry .cache/pipenv .cache/pdm .cache/yarn .cache/conda .cache/go-build
            .npm/_cacache miniconda3/pkgs anaconda3/pkgs mambaforge/pkgs miniforge3/pkgs
            """
        ),
    ),
    Kind(
        "package database",
        "what is installed, by the package managers' own records",
        trees=_words("var/lib/dpkg lib/apk/db usr/lib/apk/db var/lib/rpm usr/lib/sysimage/rpm var/lib/apt"),
        folders=_words("conda-meta *.dist-info *.egg-info EGG-INFO"),
        names=r".*\.egg-info",
    ),
    Kind(
        MODEL_WEIGHTS,
        "trained models",
        _any(".safetensors .onnx .gguf .ggml .tflite .keras .ckpt .pdparams .mlmodel .engine .caffemodel .pt .nemo")
        | _any(".pth", 65_536)  # smaller ones set up sys.path
        | _any(".pb .h5 .hdf5 .joblib .pkl .pickle .msgpack .npz .params", 1_000_000)
        | _any(".bin .data .weights", 10_000_000),
    ),
    Kind(
        OBJECT,
        "compilers, linkers, build systems and what they alone read",
        _any(".o .obj .la .pc .cmake .m4 .am .ac .mk .gcda .gcno .spec .bc .pyx .pyf .s .rs .go .tp")
        | _any(".c .cc .cpp .cxx .cu .f .f90"),
        names=r"cmakelists\.txt|makefile(?:\.\w+)?|meson(?:\.build|_options\.txt)",
        trees=_words(
            """
            usr/lib/gcc usr/libexec/gcc usr/lib/gcc-cross usr/lib/llvm-*/bin usr/lib/llvm-*/build usr/lib/go-*
            usr/lib/rustlib usr/local/go usr/share/cmake* usr/share/aclocal* usr/share/automake* usr/share/autoconf
            usr/share/libtool usr/share/bison usr/share/pkgconfig usr/share/gcc* usr/lib/bfd-plugins usr/lib/compat-ld
            usr/lib/gold-ld usr/lib/x86_64-linux-gnu/ldscripts usr/lib/aarch64-linux-gnu/ldscripts
            """
        ),
        folders=("lib/cmake", "lib/pkgconfig"),
        programs=_TOOL.format(_COMPILERS),
    ),
    Kind(
        "CUDA toolkit",
        "NVIDIA's compilers, profilers and samples; its libraries count as libraries",
        programs=_CUDA_TOOLS,
        loose_trees=_words("usr/local/cuda* usr/lib/cuda usr/lib/nvidia-cuda-toolkit opt/nvidia usr/share/cuda*"),
        loose_folders=_words("nvidia/cuda_nvcc nsight-systems* nsight-compute* nvvm/libdevice"),
    ),
    Kind(EXECUTABLE, "programs and scripts"),
    Kind(
        "data",
        "data that programs read",
        _any(
            """
            .json .csv .tsv .npy .npz .txt .dat .db .sqlite .sqlite3 .parquet .arrow .feather .zip .gz .bz2 .xz .zst
            .tar .whl .xml .html .htm .css .js .mjs .map .ts .svg .png .jpg .jpeg .gif .bmp .webp .ico .tif .tiff .mp4
            .avi .wav .mp3 .ttf .otf .woff .woff2 .pfb .afm .ipynb .rst .md .pdf .proto .pem .crt .key .tab .bin .pb .h5
            .hdf5 .pkl .pickle .data .joblib .msgpack .pm .pl .ph .pod .tcl .lua .rb .xsl .dtd .jar .params .weights
            .model .vocab .bpe .typelib .zi .gpg .br .brotli .dafsa .mplstyle .tpl .xpm .ids
            """
        ),
        loose_folders=_words("zoneinfo terminfo share/X11 share/keyrings bash-completion/completions"),
        general=True,
    ),
    Kind(
        "configuration",
        "settings",
        _any(".conf .cfg .ini .toml .yaml .yml .config .properties .service .rules .env .pth"),
        names=r"\.(?:profile|bash_logout|\w+rc)|matplotlibrc",
        general=True,
        trees=("etc",),
    ),
    Kind(DIRECTORY, "directories"),
    Kind(SPECIAL, "devices, pipes and sockets"),
    Kind(WHITEOUT, "entries that hide what lower layers have"),
    Kind(OTHER, "what no rule knows"),
)
