"""Conda's way of naming packages and versions, told in pip's way (PEP 508)."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Packages whose name on PyPI is another one than in conda's channels.
_PYPI_NAMES = {
    "dask-core": "dask",
    "graphviz-python": "graphviz",
    "importlib_metadata": "importlib-metadata",
    "keras-gpu": "keras",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python-headless",
    "py-opencv": "opencv-python-headless",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost-cpu",
    "pyarrow-core": "pyarrow",
    "pytables": "tables",
    "python-graphviz": "graphviz",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "seaborn-base": "seaborn",
    "tensorflow-mkl": "tensorflow",
    "tensorflow-base": "tensorflow",
    "torchaudio-cpu": "torchaudio",
    "torchvision-cpu": "torchvision",
}
#: Programs, compilers and native libraries: nothing that pip could install.
# fmt: off
_NATIVE = frozenset((
    "_libgcc_mutex", "_openmp_mutex", "binutils", "blas", "boost", "boost-cpp", "bzip2", "c-compiler",
    "ca-certificates", "clang", "clangxx", "compilers", "cpuonly", "cuda", "cuda-nvcc", "cuda-runtime",
    "cuda-toolkit", "cudatoolkit", "cudatoolkit-dev", "cudnn", "curl", "cxx-compiler", "expat", "ffmpeg",
    "fontconfig", "fortran-compiler", "freetype", "gcc", "gcc_linux-64", "gdal-bin", "geos", "gfortran", "git",
    "git-lfs", "glib", "go", "gxx", "gxx_linux-64", "hdf5", "htop", "icu", "java-jdk", "jpeg", "julia", "krb5",
    "libblas", "libcblas", "libffi", "libgcc", "libgcc-ng", "libgfortran-ng", "libgomp", "liblapack", "libpng",
    "libprotobuf", "libpq", "libsndfile", "libspatialindex", "libstdcxx-ng", "libtiff", "libxml2", "libxslt",
    "llvm-openmp", "magma-cuda111", "make", "mesalib", "mpi", "mpich", "nb_conda_kernels", "nccl", "ncurses",
    "nodejs", "openblas", "openjdk", "openmpi", "openssl", "pandoc", "perl", "pkg-config", "poppler", "proj",
    "pytorch-cuda", "pytorch-mutex", "r", "r-base", "readline", "rust", "sed", "snappy", "sqlite", "swig",
    "tesseract", "tk", "unixodbc", "unzip", "wget", "xorg-libx11", "xz", "yaml", "zip", "zlib", "zstd",
))
# fmt: on
#: Packages of Python whose name looks like a library's.
_NOT_NATIVE = frozenset({"libcst", "librosa", "libsass", "libtmux"})
_SPEC = re.compile(
    r"(?:(?P<channel>[\w./:-]+)::)?(?P<name>[\w.-]+)\s*(?P<version>[=<>!~\s*\d].*?)?\s*(?:\[(?P<brackets>.*)\])?"
)
_CLAUSE = re.compile(r"(?P<operator>===?|!=|~=|>=|<=|>|<|=)?\s*(?P<version>[\w.+!*-]+)")
_VERSION_BRACKET = re.compile(r"version\s*=\s*(?P<quote>['\"]?)(?P<version>[^'\"\]]+)(?P=quote)")


@dataclass(frozen=True)
class CondaPackage:
    """One entry of a conda specification. ``version`` is a PEP 440 specifier, "" for any; None: it cannot be told in
    pip's way (alternatives, odd versions)."""

    name: str
    version: str | None

    @property
    def native(self) -> bool:
        """Whether pip can have no package of this kind: libraries, compilers, packages of R."""
        if self.name in _NOT_NATIVE:
            return False
        return self.name in _NATIVE or self.name.startswith(("r-", "lib", "_", "cuda-", "xorg-"))

    @property
    def requirement(self) -> str:
        """The requirement for pip."""
        return f"{_PYPI_NAMES.get(self.name, self.name)}{self.version or ''}"


def parse(text: str) -> CondaPackage | None:
    """Reads a conda match specification (``channel::name=1.2=build``, ``name >=1,<2``, ``name[version='>=1']``). None
    when it is not one."""
    found = _SPEC.fullmatch(text.partition("#")[0].strip())
    if found is None:
        return None
    version = (found["version"] or "").strip()
    bracket = _VERSION_BRACKET.search(found["brackets"] or "")
    if bracket is not None:
        version = bracket["version"]
    return CondaPackage(found["name"].lower(), specifier(version))


def specifier(text: str) -> str | None:
    """A conda version specification as a PEP 440 specifier: ``=1.2`` means any 1.2.x, a second ``=`` or word is the
    build and says nothing to pip."""
    text = text.strip()
    if text in ("", "*"):
        return ""
    if "|" in text:
        return None
    clauses = []
    for piece in text.split(","):
        clause = _clause(piece.strip())
        if clause is None:
            return None
        if clause:
            clauses.append(clause)
    return ",".join(clauses)


def _clause(text: str) -> str | None:
    found = _CLAUSE.match(text)
    if found is None:
        return None
    # What follows is a build: `=1.2=py38_0`, `1.2 py38_0`.
    rest = text[found.end() :].strip()
    if rest and not re.fullmatch(r"=?\s*[\w.*]+", rest):
        return None
    operator, version = found["operator"] or "=", found["version"]
    if version == "*":
        return ""
    if not re.match(r"\d", version):
        return None
    if operator == "=" and rest:
        operator = "=="
    if version.endswith("*"):
        version = version.rstrip("*").rstrip(".")
        if operator in (">=", "<=", ">", "<", "~="):
            return f"{operator}{version}"
        return f"{'!=' if operator == '!=' else '=='}{version}.*"
    if operator == "=":
        return f"=={version}.*" if re.fullmatch(r"[\d.]+", version) else f"=={version}"
    return f"{operator}{version}"
