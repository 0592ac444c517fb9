"""Long calls of the library. They are made on a thread of their own, so that the caller's hears signals meanwhile: Ctrl-C
asks the library to stop, and becomes KeyboardInterrupt when it has."""

from __future__ import annotations

import ctypes
import queue
import signal
import threading
import time
from ctypes import POINTER, byref, c_void_p
from dataclasses import dataclass
from typing import Any, Callable, Optional

from . import _library as lib
from ._library import call, text
from ._logging import LINE


@dataclass(frozen=True)
class Progress:
    """How far a task is. label: what it is, "pack"; done and total: patches, bytes of an archive or iterations, total 0
    where it is not known; text: the task's own line where it has one (a training's); seconds: since the task began;
    ended: the last report of this task, finished or not."""

    label: str
    done: int
    total: int
    text: str
    seconds: float
    ended: bool


ProgressHook = Callable[[Progress], Any]
_INTERVAL = 0.05  # seconds between two reports of a task


def work(start: Callable[[], Any], progress: Optional[ProgressHook] = None) -> Any:
    """What `start` returns. It runs on another thread; `progress` is called on this one. What is raised here meanwhile, by
    a signal or by `progress`, asks the library to stop, and is raised when it has."""
    if progress is None and threading.current_thread() is not threading.main_thread():
        return start()  # signals come to the main thread alone
    reports: queue.SimpleQueue[Optional[Progress]] = queue.SimpleQueue()
    results: list[Any] = []
    failures: list[BaseException] = []
    caught: list[BaseException] = []
    begun, over = threading.Event(), threading.Event()
    told: dict[int, float] = {}

    def tell(_: Any, report: Any) -> None:
        r, now = report.contents, time.monotonic()
        if r.ended or now - told.get(r.task, 0) >= _INTERVAL:
            told[r.task] = now
            reports.put(Progress(text(r.label), r.done, r.total, text(r.text), r.seconds, bool(r.ended)))

    log = lib.LogHooks(None, LINE, lib.PROGRESS(tell))
    stop = lib.StopHooks(None, None, lib.STOP(lambda _: int(signal.SIGINT) if caught else 0))

    def run() -> None:
        begun.set()
        try:
            call("mosaic_set_thread_hooks", None if progress is None else byref(log), byref(stop))
            results.append(start())
        except BaseException as error:
            failures.append(error)
        finally:
            call("mosaic_set_thread_hooks", None, None)
            over.set()
            reports.put(None)

    thread = threading.Thread(target=run, name="mosaic")
    started = False
    while True:  # whatever is raised here, the library is waited for: it works on memory of the caller
        try:
            if not started:
                started = True
                thread.start()
            while not (over.is_set() and reports.empty()):
                try:
                    report = reports.get(timeout=0.5)
                except queue.Empty:
                    continue
                if report is not None and progress is not None and not caught:
                    progress(report)
            thread.join()
            break
        except BaseException as error:
            caught.append(error)
            if not begun.wait(1):  # it came before the thread did
                break
    if caught:
        raise caught[0]
    if failures:
        raise failures[0]
    return results[0]


def opened(name: str, close: str, *arguments: Any, progress: Optional[ProgressHook] = None) -> c_void_p:
    """The handle that the function `name` opens."""
    handle = c_void_p()
    try:
        work(lambda: call(name, *arguments, byref(handle)), progress)
    except BaseException:
        if handle:
            call(close, byref(handle))
        raise
    return handle
