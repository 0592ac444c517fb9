"""`pip install .`: libmosaic, built by CMake against the GDAL of this machine, goes into the package mosaic_eo.

CMAKE_ARGS goes to the configuration. MOSAIC_BUILD names a build folder whose libmosaic is taken as it is.
"""
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # before setuptools 70
    from wheel.bdist_wheel import bdist_wheel

SOURCE = Path(__file__).resolve().parent
BUILD = SOURCE / "build" / "python"
HELP = ("mosaic_eo: libmosaic cannot be built here. It needs a C compiler, CMake, Ninja or make, pkg-config, protoc-c, and "
        "the headers of GDAL and a few more libraries. On Debian, `scripts/setup.sh --minimal` installs what is missing; "
        "docs/install.md has the other systems. ")


def version() -> str:
    text = (SOURCE / "include" / "mosaic" / "version.h").read_text()
    return ".".join(re.findall(r"define MOSAIC_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", text))


def cmake(*arguments: object) -> None:
    """Run CMake; what it complains of is the last line that pip shows."""
    done = subprocess.run(["cmake", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout)
    if done.returncode != 0:
        found = re.findall(r"CMake Error.*?:\n(.*?)(?=\n\n\S|\Z)|(\S.*?(?:error|Error):? .*)", done.stdout, re.S)
        said = " ".join((found[0][0] or found[0][1]).split()) if found else done.stdout.strip()[-300:]
        raise SystemExit(f"{HELP}CMake says: {said}")


def make_library() -> Path:
    """Build the library; the folder of its build."""
    given = os.environ.get("MOSAIC_BUILD")
    if given:
        return Path(given)
    missing = [tool for tool in ("cmake", "pkg-config", "protoc-c") if shutil.which(tool) is None]
    if missing:
        raise SystemExit(f"{HELP}Missing: {', '.join(missing)}.")
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    cmake("-S", SOURCE, "-B", BUILD, *generator, "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_TESTING=OFF",
          *shlex.split(os.environ.get("CMAKE_ARGS", "")))
    cmake("--build", BUILD, "--target", "mosaic", "--parallel", os.cpu_count() or 1)
    return BUILD


class BuildPackage(build_py):
    def run(self) -> None:
        super().run()
        cmake("--install", make_library(), "--component", "python", "--prefix", Path(self.build_lib) / "mosaic_eo")


class Wheel(bdist_wheel):
    """One wheel for every Python 3 of this platform: the library is loaded by ctypes."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self) -> "tuple[str, str, str]":
        return "py3", "none", super().get_tag()[2]


LEFT = BUILD / "setuptools"  # nothing lies around in the source
LEFT.mkdir(parents=True, exist_ok=True)
setup(version=version(), cmdclass={"build_py": BuildPackage, "bdist_wheel": Wheel},
      options={"build": {"build_base": str(LEFT)}, "egg_info": {"egg_base": str(LEFT)}})
