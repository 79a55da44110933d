"""Decides by the environment variables whether a warm interpreter behaves like a fresh one would.

The rule, in three parts. A step may use a warm interpreter if these agree with what that interpreter was started with:

1. what works only when a process or an interpreter starts (`PYTHON*`, `LD_*`, `MALLOC_*`, locale, …). `PYTHONPATH`,
   `PYTHONUNBUFFERED` and `PYTHONDONTWRITEBYTECODE` may differ: they are applied in the fork;
2. what native libraries read when they are loaded (`OMP_*`, `OPENBLAS_*`, …), if any were preloaded;
3. what the preloaded libraries were *seen* to read from `os.environ` while they were imported, but for a few variables
   that are known to be harmless or are set again in the fork (`preload.REBIND`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

#: Applied in the fork, so they may differ.
APPLIED = frozenset({"PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"})

_START_PREFIXES = ("PYTHON", "LD_", "MALLOC_", "GLIBC_", "LC_", "COVERAGE_PROCESS_", "ASAN_", "TSAN_", "_PYTHON_")
_START_NAMES = frozenset({"LANG", "LANGUAGE", "LOCPATH", "GCONV_PATH", "NLSPATH", "SETUPTOOLS_USE_DISTUTILS"})

_NATIVE_PREFIXES = (
    "OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "GOTO_", "GOTOBLAS_", "BLIS_", "BLAS_", "NUMEXPR_", "VECLIB_", "NPY_",
    "NUMPY_", "ARROW_", "TBB_",
)  # fmt: skip

#: Read at import for reasons that do not change what a step computes: user agents, folders found again when needed, …
_HARMLESS_READERS = frozenset(
    {"argcomplete", "databricks", "google", "jwt", "locale", "psutil", "pydoc", "ssl", "sysconfig", "tempfile"}
    | {"wsgiref"}
)
_HARMLESS = frozenset(
    {"PATH", "HOME", "TERM", "TMPDIR", "TEMP", "TMP", "DISPLAY", "AZUREML_RUN_ID", "AZUREML_CR_NODE_RANK"}
    | {"SOURCE_DATE_EPOCH", "AUTOML_LOG_FILE", "SHELL", "AZUREML_LOGDIRECTORY_PATH"}
    # Looked up anew for each request.
    | {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"}
)

#: What a warm interpreter gets of the service's environment besides the settings above: nothing that a step could miss.
_NEUTRAL = frozenset({"PATH", "HOME", "TZ", "USER", "LOGNAME"})


def of_start(env: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of part 1. Python takes an empty `PYTHON*` variable for an absent one, and so do we."""
    return {
        name: value
        for name, value in env.items()
        if (name.startswith(_START_PREFIXES) or name in _START_NAMES)
        and name not in APPLIED
        and (value or not name.startswith("PYTHON"))
    }


def of_libraries(env: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of part 2."""
    return {name: value for name, value in env.items() if name.startswith(_NATIVE_PREFIXES)}


def for_zygote(env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment that a warm interpreter is started with."""
    neutral = {name: value for name, value in env.items() if name in _NEUTRAL}
    # With these two like in the first step, `sys.flags` says the same as in a fresh interpreter.
    flags = {name: env[name] for name in ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE") if env.get(name)}
    return {**neutral, **flags, **of_start(env), **of_libraries(env)}


def conflict(
    env: Mapping[str, str], own: Mapping[str, str], reads: Iterable[tuple[str, str]], user_site: bool
) -> str | None:
    """Say why a step with `env` cannot use a warm interpreter started with `own`, or None if it can.

    `reads` are the variables that the preloaded libraries read, each with the library; empty when none is preloaded.
    `user_site` tells that the interpreter looks for packages below HOME.
    """
    start, mine = of_start(env), of_start(own)
    if start != mine:
        return f"{_first_difference(start, mine)} works only when the interpreter starts"
    if user_site and env.get("HOME") != own.get("HOME"):
        return "HOME decides where the interpreter finds its packages"
    watched = list(reads)
    if not watched:
        return None
    native, ours = of_libraries(env), of_libraries(own)
    if native != ours:
        return f"{_first_difference(native, ours)} works only when a library is loaded"
    for name, reader in watched:
        known = name in _HARMLESS or name in APPLIED or reader in _HARMLESS_READERS
        if not known and env.get(name) != own.get(name):
            return f"{name} is read when {reader} is imported"
    return None


def _first_difference(one: Mapping[str, str], two: Mapping[str, str]) -> str:
    return min(name for name in {*one, *two} if one.get(name) != two.get(name))
