"""mosaic: learning from Sentinel-1 and Sentinel-2 together. The library libmosaic in Python.

`mosaic_eo.torch` has the batches for PyTorch.
"""

from . import _logging
from ._library import (DataError, Interrupted, MosaicError, NumericError, ResumeError, UnsupportedError, UsageError, call,
                       text)
from ._work import Progress
from .command import Report, commands, evaluate, predict_scene, run, search
from .data import Batch, Dataset, Loader, Site
from .metrics import Interval, bootstrap, clusters, scores, tsne, tune_thresholds
from .model import EmbeddingTransformer, Model
from .training import Step, Training, train

__version__ = text(call("mosaic_version"))


def set_verbosity(level: int) -> None:
    """0: errors only and no progress, 1: warnings and notices (INFO), 2: everything (DEBUG). Lines go to the logger "mosaic_eo", which
    shows warnings unless Python's logging is told otherwise."""
    call("mosaic_set_verbosity", int(level))


__all__ = ["Batch", "DataError", "Dataset", "EmbeddingTransformer", "Interrupted", "Interval", "Loader", "Model", "MosaicError",
           "NumericError", "Progress", "Report", "ResumeError", "Site", "Step", "Training", "UnsupportedError", "UsageError",
           "bootstrap", "clusters", "commands", "evaluate", "predict_scene", "run", "scores", "search", "set_verbosity", "train",
           "tsne", "tune_thresholds"]
