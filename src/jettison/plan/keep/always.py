"""What stays whatever workloads did: small files that programs read seldom, and expect when they do."""

import re

ALWAYS: tuple[tuple[str, str], ...] = (
    ((r"etc/(?:passwd|group|nsswitch\.conf|host\.conf|hosts|hostname|resolv\.conf|services|protocols|networks|shells"
     r"|login\.defs|environment|profile|mime\.types|os-release|debian_version|alpine-release|redhat-release|issue"
     r"|lsb-release|localtime|timezone|mtab|fstab|machine-id|inputrc|bash\.bashrc|locale\.(?:conf|alias|gen))"),
     "names of users, hosts, services and times are looked up in it"),
    (r"etc/(?:shadow|gshadow|subuid|subgid|securetty)", "accounts belong together"),
    (r"etc/ld\.so\.(?:cache|conf|preload)|etc/ld\.so\.conf\.d/.*|etc/ld-musl[^/]*", "the dynamic linker reads it"),
    (r"(?:usr/)?lib/os-release", "it says which distribution this is; scanners read it"),
    ((r"etc/ssl/.*|etc/ca-certificates(?:\.conf|/.*)|usr/share/ca-certificates/.*|usr/lib/ssl(?:/.*)?|etc/pki/.*"
     r"|usr/local/share/ca-certificates/.*"), "certificates: TLS does not work without"),
    (r"usr/share/zoneinfo/(?!right/|posix/).*", "time zones are looked up by name"),
    (r"(?:.*/)?(?:cacert|roots|cert|ca-bundle)\.(?:pem|crt)|(?:.*/)?lib/security/cacerts",
     "certificates: TLS does not work without"),
    (r"(?:.*/)?(?:pytz|tzdata)/zoneinfo/.*|(?:.*/)?dateutil-zoneinfo\.tar\.gz", "time zones are looked up by name"),
    (r"usr/lib/locale/C\.(?:utf8|UTF-8)/.*", "the locale that needs no other"),
    (r"usr/lib/[^/]+/gconv/gconv-modules(?:\.cache|\.d/.*)?", "iconv finds its modules by it"),
    (r"var/lib/dpkg/(?:status|diversions|statoverride|arch|alternatives/.*|info/.*|status\.d/.*)",
     "the package database says what is there"),
    (r"lib/apk/db/.*|etc/apk/.*|var/lib/rpm/.*|usr/lib/sysimage/rpm/.*|(?:.*/)?conda-meta/.*",
     "the package database says what is there"),
    (r"(?:usr/)?bin/(?:sh|dash|busybox)", "os.system, subprocess with shell=True and container exec start it"),
    (r"etc/(?:apt|dpkg|alternatives)/.*", "links and settings of packages"),
    (r"(?:.*/)?pyvenv\.cfg", "a virtual environment is found by it"),
    (r"(?:.*/)?lib/python3(?:\.\d+)?/(?:site|dist)-packages/[^/]+\.pth", "it extends Python's path at each start"),
    (r"(?:.*/)?(?:site|user)customize\.py", "Python imports it at each start"),
    (r"\.dockerenv|run/\.containerenv", "programs tell by it that they run in a container"),
)  # fmt: skip
"""Patterns of whole paths, each with the reason."""
_ANY = re.compile("|".join(pattern for pattern, _ in ALWAYS))
_ALWAYS = tuple((re.compile(pattern), reason) for pattern, reason in ALWAYS)
GPU = re.compile(
    r"(?i:.*(?:cuda|cudnn|cublas|cusparse|cusolver|cufft|curand|cupti|cufile|nccl|nvrtc|nvjitlink|nvshmem|nvtx|nvinfer"
    r"|tensorrt|triton|flash_attn|cask|magma|amdhip|rocm|rocblas|rocrand|miopen|hipblas|hipsparse|hiprtc|torch_hip|c10_hip)"
    r".*\.(?:so(?:\.[\d.]+)?|co|dat|bc|hsaco|kdb)|.*\.(?:cubin|fatbin|ptx|hsaco)|(?:.*/)?triton/.*)"
)
"""Names of libraries that do their work on a GPU, and of code for one."""
DRIVER = re.compile(r"lib(?:cuda|cudart|nvrtc|nvidia-|amdhip64|hiprtc|hsa-runtime)[^/]*\.so")
"""Libraries whose users work on a GPU."""


def always(path: str) -> str:
    """Return why a path stays whatever workloads did; empty when it need not."""
    if not _ANY.fullmatch(path):
        return ""
    return next((reason for pattern, reason in _ALWAYS if pattern.fullmatch(path)), "")
