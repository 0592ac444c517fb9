#!/usr/bin/env python3
"""What docs/install.md leads to is whole: the conda recipe, the container files, Debian's packages and scripts/setup.sh name the libraries that
CMake asks for, files and versions agree, and every command of them is one a shell can parse.

    install_check.py SOURCE BUILD

Needs PyYAML. Libraries of the built program are looked up with dpkg where it is there.
"""
import pathlib
import re
import shutil
import subprocess
import sys

import yaml

# What CMake asks for: Debian's package to build with, conda-forge's package.
LIBRARIES = {
    "GDAL": ("libgdal-dev", "libgdal-core"), "ZLIB": ("zlib1g-dev", "zlib"), "yaml-0.1": ("libyaml-dev", "yaml"),
    "jansson": ("libjansson-dev", "jansson"), "lmdb": ("liblmdb-dev", "lmdb"), "libarchive": ("libarchive-dev", "libarchive"),
    "libtiff-4": ("libtiff-dev", "libtiff"), "libzstd": ("libzstd-dev", "zstd"),
    "libprotobuf-c": ("libprotobuf-c-dev", "protobuf-c"), "snappy": ("libsnappy-dev", "snappy"), "libdeflate": ("libdeflate-dev", "libdeflate")}
INSTRUCTIONS = {"FROM", "WORKDIR", "COPY", "RUN", "ENTRYPOINT"}
SECTIONS = {"files", "post", "runscript", "test", "help"}
failures = []


def check(what, good):
    if not good:
        failures.append(what)
        print(f"FAILED: {what}")


def parses(what, script):
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    check(f"{what}: {done.stderr.strip()}", done.returncode == 0)


def asked_for(source):
    """The libraries of cmake/ and of the rooms."""
    text = (source / "cmake/MosaicDependencies.cmake").read_text()
    text = text[:text.index("MOSAIC_ONEDNN")]  # the optional one
    names = re.findall(r"find_package\((\w+) REQUIRED\)", text) + re.findall(r"IMPORTED_TARGET ([\w.-]+?)(?:>=[\d.]+)?\)", text)
    return {n for n in names if n not in ("PkgConfig", "Threads")} | {"snappy"}


def recipe_of(source):
    text = (source / "packaging/conda/meta.yaml").read_text()
    version = re.search(r'{% set version = "([\d.]+)" %}', text).group(1)
    text = re.sub(r"{%.*?%}", "", text).replace("{{ version }}", version)
    text = re.sub(r'{{ (\w+)\("([\w.]+)".*?\) }}', r"\1-\2", text)
    check("no template is left", "{{" not in text and "{%" not in text)
    return version, yaml.safe_load(text)


def version_of(source):
    header = (source / "include/mosaic/version.h").read_text()
    return ".".join(re.findall(r"define MOSAIC_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))


def check_recipe(source):
    version, recipe = recipe_of(source)
    project = version_of(source)
    check(f"the recipe's version {version} is the project's {project}", version == project)
    order = [s for s in ("package", "source", "build", "requirements", "test", "about", "extra") if s in recipe]
    check("sections in conda-forge's order", list(recipe) == order and len(order) == 7)
    needs = recipe["requirements"]
    for tool in ("compiler-c", "stdlib-c", "cmake", "ninja", "pkg-config", "protobuf-c"):
        check(f"built with {tool}", any(n.split()[0] == tool for n in needs["build"]))
    host = {n.split()[0] for n in needs["host"]}
    check(f"host packages are the libraries: {sorted(host)}", host == {LIBRARIES[n][1] for n in asked_for(source)})
    check("host packages in order", needs["host"] == sorted(needs["host"]))
    about = recipe["about"]
    check("about", all(about.get(k) for k in ("home", "license", "license_file", "summary")) and len(about["summary"]) < 80)
    check("the license is there", about["license"] == "Apache-2.0" and (source / about["license_file"]).is_file())
    check("headers are looked for", "include/mosaic/" in " ".join(recipe["test"]["commands"]))
    check("maintainers, number, commands", recipe["extra"]["recipe-maintainers"] and recipe["build"]["number"] == 0 and recipe["test"]["commands"])
    check("the source is this tree", (source / "packaging/conda" / recipe["source"]["path"]).resolve() == source)
    for header in re.findall(r"include/(mosaic/\w+\.h)", " ".join(recipe["test"]["commands"])):
        check(f"{header} is installed", (source / "include" / header).is_file())
    script = (source / "packaging/conda/build.sh").read_text()
    parses("build.sh", script)
    check_options(source, "build.sh", script)


def check_options(source, where, script):
    """-D options of ours are options of CMake."""
    known = "".join(p.read_text() for p in [source / "CMakeLists.txt", *sorted((source / "cmake").glob("*.cmake"))])
    for option in re.findall(r"-D(MOSAIC_\w+)=", script):
        check(f"{where}: {option} is an option", re.search(rf"(option|set)\({option}\b", known))


def joined(text):
    return re.sub(r"\\\n\s*", " ", "\n".join(line for line in text.splitlines() if not line.startswith("#")))


def check_containerfile(source, build):
    text = joined((source / "packaging/container/Containerfile").read_text())
    lines = [line.split(" ", 1) for line in text.splitlines() if line.strip()]
    stages = [rest.split(" AS ") for word, rest in lines if word == "FROM"]
    check("instructions", all(word in INSTRUCTIONS for word, _ in lines) and lines[0][0] == "FROM" and lines[-1][0] == "ENTRYPOINT")
    check("both stages are Debian 12", [s[0] for s in stages] == ["debian:12-slim"] * 2)
    for word, rest in lines:
        if word == "RUN":
            parses(f"RUN {rest[:40]}", rest)
            check_options(source, "Containerfile", rest)
        if word == "COPY" and "--from" in rest:
            check("copied from a stage that is there", re.search(r"--from=(\w+)", rest).group(1) in [s[1] for s in stages if len(s) > 1])
    installed = set(re.search(r"--no-install-recommends ([\w .+-]+?) &&", text).group(1).split())
    library = build / "libmosaic.so"
    if not (shutil.which("dpkg") and shutil.which("readelf") and library.exists()):
        return print("the packages of the container are not compared: no dpkg, readelf or library")
    if not re.search(r'^VERSION_CODENAME="?bookworm', pathlib.Path("/etc/os-release").read_text(), re.M):
        return print("skipped: the packages of the container are not compared: they are Debian 12's, and this is another system")
    dynamic = subprocess.run(["readelf", "-d", library], text=True, capture_output=True, check=True).stdout
    loaded = re.findall(rb"libgdal\.so\.[0-9.]+", library.read_bytes())  # on demand: no entry of the object names it
    check("the library names GDAL", loaded)
    for name in re.findall(r"NEEDED.*\[(.*?)\]", dynamic) + sorted({n.decode() for n in loaded}):
        found = subprocess.run(["dpkg", "-S", name], text=True, capture_output=True, check=False).stdout
        owners = {line.split(":")[0] for line in found.splitlines() if line.split(" ")[-1].split("/")[-1].startswith(name)}
        owners -= {o for o in owners if o.endswith("-dev") or "-cross" in o}
        if re.match(r"(libasan|libubsan|libtsan|libgcov)", name):
            continue
        check(f"{name} of {sorted(owners)} is in the container", owners & (installed | {"libc6"}))


def check_apptainer(source):
    text = (source / "packaging/container/mosaic.def").read_text()
    head, *parts = re.split(r"^%(\w+)\n", text, flags=re.M)
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    check("header", "Bootstrap: docker\nFrom: debian:12-slim\n" in head)
    check(f"sections {sorted(sections)}", set(sections) == SECTIONS)
    for name in ("post", "runscript", "test"):
        parses(f"%{name}", sections[name])
        check_options(source, f"%{name}", sections[name])


def check_debian(source):
    """packaging/debian: version, Build-Depends, what goes into each package, and the table of the page."""
    folder = source / "packaging/debian"
    version = re.match(r"mosaic \((.+?)-[^-)]+\)", (folder / "changelog").read_text()).group(1)
    check(f"the changelog's version {version} is the project's", version == version_of(source))
    paragraphs = [dict(re.findall(r"^([\w-]+):((?:.*\n)(?: .*\n)*)", part + "\n", re.M)) for part in (folder / "control").read_text().split("\n\n")]
    needs = set(re.findall(r"^ ([\w.+-]+)", paragraphs[0]["Build-Depends"], re.M))
    for name in asked_for(source):
        check(f"Build-Depends: {LIBRARIES[name][0]}", LIBRARIES[name][0] in needs)
    packages = [p["Package"].strip() for p in paragraphs[1:]]
    page = (source / "docs/install.md").read_text()
    check(f"docs/install.md lists {packages}", re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.M) == packages)
    check(f"docs/install.md names the version {version}", f"_{version}-*.deb" in page)
    for package in packages:
        lines = (folder / f"{package}.install").read_text().split("\n")[:-1]
        examples = folder / f"{package}.examples"
        lines += examples.read_text().split("\n")[:-1] if examples.exists() else []
        check(f"{package} has files", lines)
        for line in lines:
            check(f"{package}: {line} is there", line.startswith("usr/") or list(source.glob(line.split()[0])))
    check_options(source, "debian/rules", (folder / "rules").read_text())
    check("debian/rules can be run", (folder / "rules").stat().st_mode & 0o111)


def check_page(source):
    page = (source / "docs/install.md").read_text()
    for name in re.findall(r"(?:packaging|scripts)/[\w./]+", page):
        check(f"docs/install.md: {name} is there", (source / name).exists())
    for name in ("packaging/conda", "packaging/container/Containerfile", "packaging/container/mosaic.def", "scripts/setup.sh"):
        check(f"docs/install.md tells of {name}", name in page)
    for block in re.findall(r"```\n(.*?)```", page, re.S):
        parses("docs/install.md", block)
    setup = (source / "scripts/setup.sh").read_text()
    setup = re.sub(r" +#.*", "", setup)
    libraries = " ".join(re.findall(r"^(?:libraries|optional)=\((.*?)\)", setup, re.S | re.M)).split()
    for name in asked_for(source):
        check(f"{name} is known here", name in LIBRARIES)
        check(f"setup.sh installs {LIBRARIES[name][0]}", LIBRARIES[name][0] in libraries)


def main():
    source, build = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    check_page(source)
    check_recipe(source)
    check_debian(source)
    check_containerfile(source, build)
    check_apptainer(source)
    print("installing holds" if not failures else f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
