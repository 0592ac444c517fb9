"""libmosaic through ctypes: declarations, errors, options. ctypes gives up the interpreter's lock in every call."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from ctypes import (POINTER, c_char, c_char_p, c_double, c_float, c_int, c_int8, c_int32, c_int64, c_size_t, c_uint8, c_uint64,
                    c_void_p)
from pathlib import Path
from typing import Any, Mapping, Optional


class MosaicError(RuntimeError):
    """What the library reported; the message is its own."""


class UsageError(MosaicError, ValueError):
    """Arguments or configuration are wrong."""


class DataError(MosaicError, ValueError):
    """Input data or weights failed validation."""


class NumericError(MosaicError, ArithmeticError):
    """NaN, infinity or collapse."""


class ResumeError(MosaicError):
    """The run cannot be resumed with this configuration."""


class UnsupportedError(MosaicError, NotImplementedError):
    """This build or machine cannot do it."""


class Interrupted(MosaicError):
    """Stopped on request; the run can be resumed."""


# By the numbers of mosaic_status.
_ERRORS: dict[int, type[Exception]] = {1: MemoryError, 2: OSError, 3: MosaicError, 4: UnsupportedError, 5: UsageError,
                                       6: DataError, 7: NumericError, 8: ResumeError, 9: Interrupted}


AVERAGES = ("precision", "recall", "f1", "f2", "average_precision", "roc_auc")


class Average(ctypes.Structure):
    """mosaic_average"""

    _fields_ = [(name, c_double) for name in AVERAGES]


class Metrics(ctypes.Structure):
    """mosaic_metrics"""

    _fields_ = [("struct_size", c_size_t), ("micro", Average), ("macro", Average), ("sample", Average), ("hamming_loss", c_double),
                ("subset_accuracy", c_double), ("known", c_int64), ("zero_divisions", c_int64),
                ("macro_all", Average), ("averaged", c_int64)]


class StepStruct(ctypes.Structure):
    """mosaic_step"""

    _fields_ = [("struct_size", c_size_t), ("step", c_int64), ("steps", c_int64), ("epoch", c_int64),
                ("epochs", c_int64), ("done", c_int32), ("epoch_ended", c_int32), ("over", c_int32),
                ("score_is_loss", c_int32), ("loss", c_double), ("term", c_double * 16),
                ("gradient_norm", c_double), ("score", c_double)]


class Place(ctypes.Structure):
    """mosaic_place"""

    _fields_ = [("crs", c_char_p), ("x", c_double), ("y", c_double), ("width", c_double), ("height", c_double)]


class Inference(ctypes.Structure):
    """mosaic_inference"""

    _fields_ = [("struct_size", c_size_t), ("n", c_int64), ("images", POINTER(POINTER(c_float))),
                ("present", POINTER(POINTER(c_uint8))), ("probability", POINTER(c_float)),
                ("features", POINTER(c_float)), ("latents", POINTER(c_float))]


class Interval(ctypes.Structure):
    """mosaic_interval"""

    _fields_ = [("value", c_double), ("low", c_double), ("high", c_double), ("p", c_double)]


BOOTSTRAPPED = ("macro_f1", "micro_f1", "macro_ap", "micro_ap", "hamming_loss")


class Bootstrap(ctypes.Structure):
    """mosaic_bootstrap"""

    _fields_ = [("struct_size", c_size_t), *((name, Interval) for name in BOOTSTRAPPED)]


class Clusters(ctypes.Structure):
    """mosaic_clusters"""

    _fields_ = [("struct_size", c_size_t), ("rows", c_int64), ("labelled_rows", c_int64), ("sets", c_int64),
                ("set_rows", c_int64), ("silhouette", c_double), ("davies_bouldin", c_double),
                ("neighbour_jaccard", c_double), ("intra_cosine", c_double), ("inter_cosine", c_double),
                ("spread", c_double), ("mean_cosine", c_double), ("rankme", c_double), ("uniformity", c_double),
                ("alignment", c_double), ("collapsed", c_int32)]


class TsneReport(ctypes.Structure):
    """mosaic_tsne_report"""

    _fields_ = [("struct_size", c_size_t), ("kl_divergence", c_double), ("trustworthiness", c_double),
                ("explained", c_double), ("perplexity", c_double), ("iterations", c_int64), ("degenerate", c_int32)]


class ProgressStruct(ctypes.Structure):
    """mosaic_progress"""

    _fields_ = [("task", c_void_p), ("label", c_char_p), ("text", c_char_p), ("done", c_int64), ("total", c_int64),
                ("seconds", c_double), ("ended", c_int)]


LINE = ctypes.CFUNCTYPE(None, c_void_p, c_int, c_char_p)
PROGRESS = ctypes.CFUNCTYPE(None, c_void_p, POINTER(ProgressStruct))
NO_PROGRESS = ctypes.cast(c_void_p(None), PROGRESS)
STOP = ctypes.CFUNCTYPE(c_int, c_void_p)


class LogHooks(ctypes.Structure):
    """mosaic_log_hooks"""

    _fields_ = [("context", c_void_p), ("line", LINE), ("progress", PROGRESS)]


class StopHooks(ctypes.Structure):
    """mosaic_stop_hooks"""

    _fields_ = [("context", c_void_p), ("stoppable", c_void_p), ("stop", STOP)]


SINK = ctypes.CFUNCTYPE(c_int, c_void_p, POINTER(c_char), c_size_t)

# name: (result, arguments); "status" results are checked.
_HANDLE, _OUT = c_void_p, POINTER(c_void_p)
_OPTIONS = POINTER(c_char_p)
_I, _S = c_int64, "status"
_FLOATS, _LABELS, _DOUBLES = POINTER(c_float), POINTER(c_int8), POINTER(c_double)
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "mosaic_error": (c_char_p, []),
    "mosaic_version": (c_char_p, []),
    "mosaic_version_number": (c_int, []),
    "mosaic_set_verbosity": (None, [c_int]),
    "mosaic_set_log_hooks": (None, [POINTER(LogHooks)]),
    "mosaic_set_thread_hooks": (None, [POINTER(LogHooks), POINTER(StopHooks)]),
    "mosaic_command_name": (c_char_p, [c_int]),
    "mosaic_command_create": (_S, [c_char_p, _OUT]),
    "mosaic_command_destroy": (None, [_OUT]),
    "mosaic_command_set": (_S, [_HANDLE, c_char_p, c_char_p]),
    "mosaic_command_add": (_S, [_HANDLE, c_char_p]),
    "mosaic_command_run_to": (_S, [_HANDLE, SINK, c_void_p]),
    "mosaic_command_usage": (_S, [_HANDLE, SINK, c_void_p]),
    "mosaic_dataset_open": (_S, [_OPTIONS, _OUT]),
    "mosaic_dataset_close": (None, [_OUT]),
    "mosaic_dataset_count": (_I, [_HANDLE]),
    "mosaic_dataset_modality_count": (_I, [_HANDLE]),
    "mosaic_dataset_modality": (c_char_p, [_HANDLE, _I]),
    "mosaic_dataset_band_count": (_I, [_HANDLE, _I]),
    "mosaic_dataset_band": (c_char_p, [_HANDLE, _I, _I]),
    "mosaic_dataset_class_count": (_I, [_HANDLE]),
    "mosaic_dataset_class": (c_char_p, [_HANDLE, _I]),
    "mosaic_dataset_id": (c_char_p, [_HANDLE, _I]),
    "mosaic_dataset_split": (c_char_p, [_HANDLE, _I]),
    "mosaic_dataset_labels": (POINTER(c_int8), [_HANDLE, _I]),
    "mosaic_dataset_time": (_I, [_HANDLE, _I, _I]),
    "mosaic_dataset_has": (c_int, [_HANDLE, _I, _I]),
    "mosaic_dataset_format": (c_char_p, [_HANDLE]),
    "mosaic_dataset_root": (c_char_p, [_HANDLE]),
    "mosaic_dataset_resolution": (c_double, [_HANDLE, _I, _I]),
    "mosaic_dataset_find": (_I, [_HANDLE, c_char_p]),
    "mosaic_dataset_country": (c_char_p, [_HANDLE, _I]),
    "mosaic_dataset_place": (c_int, [_HANDLE, _I, POINTER(Place)]),
    "mosaic_reader_open": (_S, [_HANDLE, _OUT]),
    "mosaic_reader_close": (None, [_OUT]),
    "mosaic_reader_masked": (_S, [_HANDLE, _I, c_char_p, c_char_p, POINTER(POINTER(c_float)),
                                  POINTER(POINTER(c_uint8)), POINTER(_I), POINTER(_I), POINTER(_I)]),
    "mosaic_loader_open": (_S, [_OPTIONS, _OUT]),
    "mosaic_loader_close": (None, [_OUT]),
    "mosaic_loader_batches": (_I, [_HANDLE]),
    "mosaic_loader_rows": (_I, [_HANDLE]),
    "mosaic_loader_views": (_I, [_HANDLE]),
    "mosaic_loader_view": (c_char, [_HANDLE, _I]),
    "mosaic_loader_height": (_I, [_HANDLE]),
    "mosaic_loader_width": (_I, [_HANDLE]),
    "mosaic_loader_modality_count": (_I, [_HANDLE]),
    "mosaic_loader_modality": (c_char_p, [_HANDLE, _I]),
    "mosaic_loader_band_count": (_I, [_HANDLE, _I]),
    "mosaic_loader_band": (c_char_p, [_HANDLE, _I, _I]),
    "mosaic_loader_mean": (c_double, [_HANDLE, _I, _I]),
    "mosaic_loader_sd": (c_double, [_HANDLE, _I, _I]),
    "mosaic_loader_dataset": (_HANDLE, [_HANDLE]),
    "mosaic_loader_start": (_S, [_HANDLE, _I, _I]),
    "mosaic_loader_next": (_S, [_HANDLE, _OUT]),
    "mosaic_batch_release": (None, [_OUT]),
    "mosaic_batch_valid": (_I, [_HANDLE]),
    "mosaic_batch_images": (c_void_p, [_HANDLE, _I]),
    "mosaic_batch_present": (c_void_p, [_HANDLE, _I]),
    "mosaic_batch_labels": (c_void_p, [_HANDLE]),
    "mosaic_batch_samples": (c_void_p, [_HANDLE]),
    "mosaic_training_open": (_S, [_OPTIONS, _OUT]),
    "mosaic_training_close": (None, [_OUT]),
    "mosaic_training_term": (c_char_p, [_HANDLE, _I]),
    "mosaic_training_step": (_S, [_HANDLE, POINTER(StepStruct)]),
    "mosaic_training_validate": (_S, [_HANDLE, POINTER(Metrics)]),
    "mosaic_training_checkpoint": (_S, [_HANDLE]),
    "mosaic_training_finish": (_S, [_HANDLE, POINTER(c_char_p)]),
    "mosaic_model_open_with": (_S, [c_char_p, _OPTIONS, _OUT]),
    "mosaic_model_close": (None, [_OUT]),
    "mosaic_model_modality_count": (_I, [_HANDLE]),
    "mosaic_model_modality": (c_char_p, [_HANDLE, _I]),
    "mosaic_model_band_count": (_I, [_HANDLE, _I]),
    "mosaic_model_band": (c_char_p, [_HANDLE, _I, _I]),
    "mosaic_model_class_count": (_I, [_HANDLE]),
    "mosaic_model_class": (c_char_p, [_HANDLE, _I]),
    "mosaic_model_threshold": (c_double, [_HANDLE, _I]),
    "mosaic_model_precision": (c_char_p, [_HANDLE]),
    "mosaic_model_threshold_precision": (c_char_p, [_HANDLE]),
    "mosaic_model_check_dataset": (_S, [_HANDLE, _HANDLE]),
    "mosaic_model_height": (_I, [_HANDLE]),
    "mosaic_model_width": (_I, [_HANDLE]),
    "mosaic_model_feature_size": (_I, [_HANDLE]),
    "mosaic_model_latent_size": (_I, [_HANDLE]),
    "mosaic_model_infer": (_S, [_HANDLE, POINTER(Inference)]),
    "mosaic_metrics_compute": (_S, [_FLOATS, _LABELS, _I, _I, _DOUBLES, POINTER(Metrics), POINTER(Average)]),
    "mosaic_thresholds_tune": (_S, [_FLOATS, _LABELS, _I, _I, _DOUBLES, _DOUBLES]),
    "mosaic_bootstrap_scores": (_S, [_FLOATS, _LABELS, _I, _I, _DOUBLES, _I, c_double, c_uint64, c_int,
                                     POINTER(Bootstrap)]),
    "mosaic_bootstrap_paired": (_S, [_FLOATS, _FLOATS, _LABELS, _I, _I, _DOUBLES, _I, c_double, c_uint64, c_int,
                                     POINTER(Bootstrap)]),
    "mosaic_clusters_measure": (_S, [_FLOATS, _FLOATS, _LABELS, _I, _I, _I, _I, _I, c_int, POINTER(Clusters)]),
    "mosaic_tsne": (_S, [_FLOATS, _I, _I, c_double, _I, c_int, _DOUBLES, POINTER(TsneReport)]),
}


def _find() -> ctypes.CDLL:
    """$MOSAIC_LIBRARY, else the one that lies in this package, else the system's."""
    given = os.environ.get("MOSAIC_LIBRARY")
    own = sorted(Path(__file__).parent.glob("lib*/libmosaic.so*"))
    name = given or (str(own[0]) if own else ctypes.util.find_library("mosaic") or "libmosaic.so.0")
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise ImportError(f"libmosaic cannot be loaded: {error}. Install mosaic (cmake --install), or set MOSAIC_LIBRARY "
                          "to the path of libmosaic.so") from error


_library = _find()
_STATUS = set()
for _name, (_result, _arguments) in _FUNCTIONS.items():
    try:
        _function = getattr(_library, _name)
    except AttributeError:
        raise ImportError(f"libmosaic is too old: it has no {_name}") from None
    _function.argtypes = _arguments
    _function.restype = c_int if _result == _S else _result
    if _result == _S:
        _STATUS.add(_name)


def text(value: Optional[bytes]) -> str:
    return "" if value is None else value.decode()


def call(name: str, *arguments: Any) -> Any:
    """The function's result; a failing status is raised as an exception with the library's message."""
    result = getattr(_library, name)(*arguments)
    if name in _STATUS and result != 0:
        raise _ERRORS.get(result, MosaicError)(text(_library.mosaic_error()))
    return result


def option_text(value: Any) -> str:
    """An option as the library reads it: lists as [a, b], switches as true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(option_text(v) for v in value) + "]"
    return str(value)


def listed(value: Any) -> Any:
    """A list as the command line has it: a,b."""
    return ",".join(option_text(v) for v in value) if isinstance(value, (list, tuple)) else value


def pairs(options: Mapping[str, Any]) -> Any:
    """{"train.batch": 64} as the array of key, value pairs that open functions take; None values are left out."""
    flat: list[Optional[bytes]] = []
    for key, value in options.items():
        if value is not None:
            flat += [key.encode(), option_text(value).encode()]
    return (c_char_p * (len(flat) + 1))(*flat, None)


class Handle:
    """Owns one handle of the library. It belongs to the process that opened it."""

    _close = ""

    def __init__(self, handle: c_void_p) -> None:
        self._handle: Optional[c_void_p] = handle
        self._pid = os.getpid()

    @property
    def handle(self) -> c_void_p:
        if self._handle is None:
            raise UsageError(f"this {type(self).__name__} is closed")
        if self._pid != os.getpid():
            raise UsageError(f"this {type(self).__name__} was opened by another process: open one in this process")
        return self._handle

    def __reduce__(self) -> Any:
        raise TypeError(f"a {type(self).__name__} belongs to the process that opened it and cannot be pickled or copied: "
                        "open one there")

    def close(self) -> None:
        """Give everything back; more than once is fine."""
        handle, self._handle = getattr(self, "_handle", None), None
        if handle is not None and self._pid == os.getpid():
            call(self._close, ctypes.byref(handle))

    def __del__(self) -> None:
        self.close()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
