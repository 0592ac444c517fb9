"""Every command of `mosaic`, and the ones that people call most."""

from __future__ import annotations

import ctypes
import html
import json
from ctypes import byref, c_void_p
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable, Optional, Union

from . import _library as lib
from ._library import UsageError, call, text
from ._work import ProgressHook, work


def _gather(start: Callable[[Any], Any]) -> str:
    parts: list[bytes] = []

    def take(_: Any, data: Any, size: int) -> int:
        parts.append(ctypes.string_at(data, size))
        return 0

    start(lib.SINK(take))
    return b"".join(parts).decode()


def commands() -> list[str]:
    """The names of all commands, "data info" and so on."""
    names: list[str] = []
    while name := call("mosaic_command_name", len(names)):
        names.append(text(name))
    return names


def run(name: str, *arguments: Any, progress: Union[ProgressHook, bool, None] = None, **options: Any) -> str:
    """Run a command and return what it writes to stdout.

    Options are those of the command line, with _ for -: ``run("data synth", folder, patches=200)``. None leaves one
    out; a list sets a list. progress is called with a `Progress`, some twenty times a second at most (not while
    set_verbosity(0) is in force). KeyboardInterrupt, or an exception of progress, stops the work soon: a training
    writes a checkpoint and goes on with resume=True, embeddings, maps and packs go on when the same command runs
    again, the rest keeps nothing.
    """
    if isinstance(progress, bool):  # an option of that name
        options["progress"], progress = progress, None
    command = c_void_p()
    call("mosaic_command_create", name.encode(), byref(command))
    try:
        usage = json.loads(_gather(lambda sink: call("mosaic_command_usage", command, sink, None)))
        spelled = {option["key"].replace("-", "_"): option["key"] for option in usage["options"]}
        for key, value in options.items():
            if value is not None:
                call("mosaic_command_set", command, spelled.get(key.replace("-", "_"), key).encode(),
                     lib.option_text(lib.listed(value)).encode())
        for argument in arguments:
            call("mosaic_command_add", command, str(argument).encode())
        output: str = work(lambda: _gather(lambda sink: call("mosaic_command_run_to", command, sink, None)), progress)
        return output
    finally:
        call("mosaic_command_destroy", byref(command))


def evaluate(model: Any, *, split: str = "test", progress: Optional[ProgressHook] = None, **options: Any) -> dict[str, Any]:
    """Evaluate a run on a split (`mosaic eval`) and return what its metrics.json says. progress, options: as of `run`."""
    out = Path(options.get("out") or Path(model) / "eval" / split)
    run("eval", model, split=split, progress=progress, **options)
    result: dict[str, Any] = json.loads((out / "metrics.json").read_text())
    return result


def predict_scene(model: Any, out: Any, *, s1: Any = None, s2: Any = None, progress: Optional[ProgressHook] = None,
                  **options: Any) -> Path:
    """Map a scene (`mosaic predict --s1 --s2`): rasters into the folder or file `out`, which is returned."""
    if s1 is None and s2 is None:
        raise UsageError("predict_scene: a raster of s1, of s2 or both is needed")
    run("predict", model, s1=s1, s2=s2, out=out, progress=progress, **options)
    return Path(out)


def search(embeddings: Any, *names: str, **options: Any) -> str:
    """The patches nearest to those of these names (`mosaic search`) in what `mosaic embed` wrote: the command's lines."""
    return run("search", embeddings, *names, **options)


class Report:
    """The HTML report of a run (`mosaic report`). A notebook shows it inline."""

    def __init__(self, run_directory: Any, **options: Any) -> None:
        with TemporaryDirectory() as folder:
            out = Path(folder) / "report.html"
            run("report", run_directory, out=out, **options)
            self.html = out.read_text()

    def save(self, path: Any) -> None:
        Path(path).write_text(self.html)

    def _repr_html_(self) -> str:
        return (f'<iframe srcdoc="{html.escape(self.html, quote=True)}" width="100%" height="800" '
                'style="border:1px solid #ccc"></iframe>')
