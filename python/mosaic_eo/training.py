"""Training, step by step or in one call."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_char_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Optional

from . import _library as lib
from ._library import Handle, call, text
from ._work import ProgressHook, opened
from .data import config_pairs


@dataclass(frozen=True)
class Step:
    """What a step did. terms: the loss's terms before their weights; score: of the epoch that ended, NaN without one
    (macro AP, or minus the epoch's mean loss where score_is_loss)."""

    step: int
    steps: int
    epoch: int
    epochs: int
    loss: float
    terms: dict[str, float]
    gradient_norm: float
    epoch_ended: bool
    score: float
    score_is_loss: bool
    over: bool


class Training(Handle):
    """A run, step by step. It writes the run directory of `mosaic train`, to the byte.

    config: a configuration file or a mapping of its keys; out: the run directory. options: keys of the configuration,
    and those of mosaic_training_open ("threads", "device", "init-from", "max-steps", "resume", "overwrite"). progress is
    told how far the statistics are, which the opening may have to make.
    """

    _close = "mosaic_training_close"

    def __init__(self, config: Any, out: Any, options: Optional[Mapping[str, Any]] = None, *,
                 resume: Optional[bool] = None, overwrite: Optional[bool] = None,
                 progress: Optional[ProgressHook] = None) -> None:
        given = config_pairs(config, options, out=out, resume=resume, overwrite=overwrite)
        handle = opened("mosaic_training_open", self._close, lib.pairs(given), progress=progress)
        super().__init__(handle)
        self.terms: list[str] = []
        while term := call("mosaic_training_term", handle, len(self.terms)):
            self.terms.append(text(term))

    def step(self) -> Step:
        """One step; at the end of an epoch its validation and checkpoint too."""
        s = lib.StepStruct(struct_size=ctypes.sizeof(lib.StepStruct))
        call("mosaic_training_step", self.handle, byref(s))
        terms = {name: float(s.term[i]) for i, name in enumerate(self.terms)}
        return Step(s.step, s.steps, s.epoch, s.epochs, s.loss, terms, s.gradient_norm, bool(s.epoch_ended), s.score,
                    bool(s.score_is_loss), bool(s.over))

    def __iter__(self) -> Iterator[Step]:
        """Steps to the end of the run."""
        over = False
        while not over:
            step = self.step()
            over = step.over
            yield step

    def validate(self) -> dict[str, float]:
        """Scores of the present weights on the validation patches, threshold 0.5; the run goes on as before."""
        m = lib.Metrics(struct_size=ctypes.sizeof(lib.Metrics))
        call("mosaic_training_validate", self.handle, byref(m))
        return {"macro_ap": m.macro.average_precision, "micro_ap": m.micro.average_precision, "macro_f1": m.macro.f1,
                "micro_f1": m.micro.f1, "hamming_loss": m.hamming_loss}

    def checkpoint(self) -> None:
        """Save now; Training(..., resume=True) goes on from there."""
        call("mosaic_training_checkpoint", self.handle)

    def finish(self) -> Path:
        """Tune thresholds, write the model, and return its path. Before the last step the run is marked as reduced."""
        path = c_char_p()
        call("mosaic_training_finish", self.handle, byref(path))
        return Path(text(path.value))


def train(config: Any, out: Any, options: Optional[Mapping[str, Any]] = None, *,
          on_step: Optional[Callable[[Step], Any]] = None, resume: Optional[bool] = None,
          overwrite: Optional[bool] = None, progress: Optional[ProgressHook] = None) -> Path:
    """Train as `config` says and return the path of the model.

    progress is told how far the work before the first step is; on_step is called after every step; when it returns True the run ends there. On KeyboardInterrupt, or another
    exception of on_step, a checkpoint is written first: resume=True goes on from it.
    """
    with Training(config, out, options, resume=resume, overwrite=overwrite, progress=progress) as training:
        try:
            for step in training:
                if on_step is not None and on_step(step) is True:
                    break
        except lib.MosaicError:
            raise
        except BaseException:
            training.checkpoint()
            raise
        model: Path = training.finish()
        return model
