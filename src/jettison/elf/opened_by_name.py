"""Libraries that programs open by name at run time (dlopen): no NEEDED entry speaks of them.

Each line is evidence as data: when a file that matches ``when`` is kept, the files that match ``then`` are kept. Both
are patterns on the name of a file (fnmatch); ``beside`` limits ``then`` to the directory of the file that opens it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OpenedByName:
    """One habit of a library.

    Attributes:
        when: pattern of the file name that opens others.
        then: patterns of the file names that it opens.
        evidence: where that is known from.
        beside: only files in the directory of the opener count, or below it.
    """

    when: str
    then: tuple[str, ...]
    evidence: str
    beside: bool = False


OPENED_BY_NAME = (
    OpenedByName(
        "libc.so.6",
        ("libnss_files.so.*", "libnss_dns.so.*", "libnss_compat.so.*", "libnss_hesiod.so.*", "libresolv.so.*"),
        "glibc's name service switch opens libnss_* as etc/nsswitch.conf says (nss(5))",
    ),
    OpenedByName(
        "libc.so.6", ("libgcc_s.so.1",), "pthread_cancel, pthread_exit and backtrace open libgcc_s.so.1 (glibc)"
    ),
    OpenedByName(
        "libc.so.6",
        ("UTF-16.so", "UTF-32.so", "UTF-7.so", "ISO8859-*.so", "CP125?.so", "libCNS.so", "libGB.so", "libJIS.so"),
        "iconv_open loads gconv modules by name (iconv(1)); the common ones, the rest go with libc-bin's package",
    ),
    OpenedByName("libcudnn.so.*", ("libcudnn_*.so*",), "cuDNN's shim opens its sub-libraries (cuDNN 8 and later)"),
    OpenedByName("libnvrtc.so.*", ("libnvrtc-builtins.so*",), "NVRTC opens its builtins by name"),
    OpenedByName("libcublas.so.*", ("libcublasLt.so*",), "cuBLAS calls into cuBLASLt"),
    OpenedByName("libnvJitLink.so.*", ("libnvvm.so*",), "the JIT linker opens NVVM"),
    OpenedByName(
        "libtorch_cuda.so",
        ("libcusolver.so*", "libtorch_cuda_linalg.so", "libcaffe2_nvrtc.so", "libnvrtc.so*", "libcudnn*.so*"),
        "ATen opens its linear algebra and NVRTC lazily (at::DynamicLibrary)",
    ),
    OpenedByName(
        "libtorch_cpu.so", ("libtorch_global_deps.so", "libgomp*.so*"), "torch/__init__.py loads it with ctypes"
    ),
    OpenedByName("libnccl.so.*", ("libnccl-net*.so*", "libnccl-tuner*.so*"), "NCCL opens its plug-ins by name"),
    OpenedByName("libnvshmem_host.so*", ("nvshmem_bootstrap_*.so*", "nvshmem_transport_*.so*"), "NVSHMEM's plug-ins"),
    OpenedByName("libcufile.so.*", ("libcufile_rdma.so*",), "cuFile opens its RDMA part by name"),
    OpenedByName(
        "libmkl_rt.so*",
        ("libmkl_*.so*", "libiomp5.so"),
        "MKL's single dynamic library opens its layers for the processor it runs on",
    ),
    OpenedByName("libmkl_core.so*", ("libmkl_def.so*", "libmkl_avx*.so*", "libmkl_vml_*.so*"), "MKL's dispatch"),
    OpenedByName(
        "onnxruntime_pybind11_state*.so",
        ("libonnxruntime_providers_*.so",),
        "ONNX Runtime opens execution providers by name (provider bridge)",
    ),
    OpenedByName("libonnxruntime.so*", ("libonnxruntime_providers_*.so",), "as above, without Python"),
    OpenedByName("libssl.so.3", ("legacy.so", "fips.so"), "OpenSSL 3 opens providers by name (ossl-modules)"),
    OpenedByName("libcrypto.so.3", ("legacy.so", "fips.so"), "OpenSSL 3 opens providers by name (ossl-modules)"),
    OpenedByName("libcrypto.so.1.1", ("afalg.so", "padlock.so"), "OpenSSL 1.1 opens engines by name"),
    OpenedByName("libsasl2.so.2", ("libsasldb.so*", "libplain.so*", "libscram.so*"), "Cyrus SASL's plug-ins"),
    OpenedByName("libvulkan.so.1", ("libvulkan_*.so*",), "the Vulkan loader opens drivers by name"),
    OpenedByName("libOpenCL.so.1", ("libpocl*.so*", "libnvidia-opencl.so*"), "the OpenCL loader opens drivers by name"),
    OpenedByName("libgdk_pixbuf-2.0.so.0", ("libpixbufloader-*.so",), "gdk-pixbuf opens its loaders by name"),
    OpenedByName("libmagic.so.1", ("magic.mgc",), "libmagic opens its database by name"),
    OpenedByName("libtbb.so.*", ("libtbbmalloc.so.*", "libtbbbind*.so.*"), "oneTBB opens its parts by name"),
    OpenedByName("libhwloc.so.*", ("hwloc_*.so",), "hwloc's plug-ins"),
    OpenedByName("libp11-kit.so.0", ("p11-kit-trust.so",), "p11-kit opens its modules by name"),
    OpenedByName("libpam.so.0", ("pam_unix.so", "pam_deny.so", "pam_permit.so"), "PAM opens its modules by name"),
    OpenedByName("libmagickcore*", ("*.la",), "ImageMagick reads .la files to find its coders", beside=True),
)
