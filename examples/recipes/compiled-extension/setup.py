"""Builds the extension: distances between strings, in C, linked to the system's BLAS."""

from setuptools import Extension, setup

setup(
    name="nearest",
    version="0.1.0",
    py_modules=["nearest"],
    ext_modules=[Extension("_nearest", ["nearest.c"], libraries=["blas"], extra_compile_args=["-O2"])],
)
