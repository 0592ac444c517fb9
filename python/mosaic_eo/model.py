"""A trained model."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_float, c_uint8
from typing import Any, Mapping, Optional

import numpy as np
import numpy.typing as npt

from . import _library as lib
from ._library import Handle, UsageError, call, text
from ._work import ProgressHook, opened, work
from .data import Dataset, Floats, _modalities


class Model(Handle):
    """A trained model: a model file, a run directory or its model folder.

    device: "auto", "cpu", "ref"; precision: "auto" (what the thresholds were tuned in), "fp32", "bf16"; threads 0: all;
    batch: patches computed at a time; latents: embed(latents=True) is wanted.
    """

    _close = "mosaic_model_close"

    def __init__(self, path: Any, *, device: str = "auto", precision: str = "auto", threads: int = 0, batch: int = 32,
                 latents: bool = False) -> None:
        options = {"device": device, "precision": precision, "threads": threads, "batch": batch, "latents": latents}
        handle = opened("mosaic_model_open_with", self._close, str(path).encode(), lib.pairs(options))
        self._batch = batch
        super().__init__(handle)
        self.modalities: dict[str, list[str]] = _modalities("model", handle)
        classes = range(call("mosaic_model_class_count", handle))
        self.classes: list[str] = [text(call("mosaic_model_class", handle, i)) for i in classes]
        self.thresholds: npt.NDArray[np.float64] = np.array([call("mosaic_model_threshold", handle, i) for i in classes])
        self.precision: str = text(call("mosaic_model_precision", handle))
        self.threshold_precision: Optional[str] = text(call("mosaic_model_threshold_precision", handle)) or None
        self.height, self.width, self.feature_size, self.latent_size = (
            int(call(f"mosaic_model_{name}", handle)) for name in ("height", "width", "feature_size", "latent_size"))

    def check(self, data: Dataset) -> None:
        """Whether a data set fits what the model was trained on: DataError for another unit or product level, guessed
        band names, and whatever else stops prediction on the command line (``Dataset(root, accept=[...])`` accepts).
        Call it before predicting patches that are read from a data set."""
        call("mosaic_model_check_dataset", self.handle, data.handle)

    def _run(self, images: Mapping[str, Any], present: Optional[Mapping[str, Any]], wanted: str, size: int,
             by_modality: bool, progress: Optional[ProgressHook]) -> Floats:
        unknown = sorted(set(images) - set(self.modalities)) + sorted(set(present or {}) - set(images))
        if unknown or not images:
            raise UsageError(f"images of {unknown or 'nothing'}, the model has {', '.join(self.modalities)}")
        count = len(self.modalities)
        kept: list[Any] = []
        n: Optional[int] = None
        pointers, masks = (POINTER(c_float) * count)(), (POINTER(c_uint8) * count)()
        for m, (name, bands) in enumerate(self.modalities.items()):
            if name not in images:
                continue
            array = np.ascontiguousarray(images[name], dtype=np.float32)
            shape = (len(bands), self.height, self.width)
            if array.ndim != 4 or array.shape[1:] != shape or (n is not None and len(array) != n):
                raise UsageError(f"{name}: images of shape {array.shape}, want ({'n' if n is None else n}, "
                                 f"{', '.join(map(str, shape))}) with bands {', '.join(bands)}")
            n = len(array)
            kept.append(array)
            pointers[m] = array.ctypes.data_as(POINTER(c_float))
            if present is not None and name in present:
                mask = np.ascontiguousarray(present[name], dtype=np.uint8)
                if mask.shape != (n,):
                    raise UsageError(f"{name}: presence of shape {mask.shape}, want ({n},)")
                kept.append(mask)
                masks[m] = mask.ctypes.data_as(POINTER(c_uint8))
        assert n is not None
        out = np.empty((n, count, size) if by_modality else (n, size), dtype=np.float32)
        io = lib.Inference(ctypes.sizeof(lib.Inference), n, pointers, masks)
        setattr(io, wanted, out.ctypes.data_as(POINTER(c_float)))
        handle = self.handle
        if n <= self._batch:  # one batch, which nothing stops
            call("mosaic_model_infer", handle, byref(io))
        else:
            work(lambda: call("mosaic_model_infer", handle, byref(io)), progress)
        return out

    def predict(self, images: Mapping[str, Any], present: Optional[Mapping[str, Any]] = None, *,
                progress: Optional[ProgressHook] = None) -> Floats:
        """Probabilities [n, classes]. images: modality to [n, bands, height, width] in the sensor's units (S1 dB, S2
        digital numbers), bands in the order of `modalities`; a modality that is left out is missing in every patch.
        present: modality to [n], 0 where a patch lacks it. NaN pixels take the band's mean. progress: called with a
        `Progress` of patches. KeyboardInterrupt stops the work between two batches."""
        return self._run(images, present, "probability", len(self.classes), False, progress)

    def embed(self, images: Mapping[str, Any], present: Optional[Mapping[str, Any]] = None, *,
              latents: bool = False, progress: Optional[ProgressHook] = None) -> Floats:
        """Features [n, modalities, feature_size], or latents [n, modalities, latent_size] of length 1; zeros where a
        patch lacks the modality. Arguments and progress as of `predict`."""
        if latents:
            return self._run(images, present, "latents", self.latent_size, True, progress)
        return self._run(images, present, "features", self.feature_size, True, progress)


class EmbeddingTransformer:
    """Features of a model as a scikit-learn transformer: fit does nothing, transform gives [n, modalities *
    feature_size]. X: modality to images as Model.predict takes them, or the images of a model with one modality."""

    def __init__(self, model: Any, device: str = "auto", precision: str = "auto", threads: int = 0) -> None:
        self.model, self.device, self.precision, self.threads = model, device, precision, threads

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"model": self.model, "device": self.device, "precision": self.precision, "threads": self.threads}

    def set_params(self, **parameters: Any) -> "EmbeddingTransformer":
        for name, value in parameters.items():
            if name not in self.get_params():
                raise ValueError(f"EmbeddingTransformer has no parameter {name}")
            setattr(self, name, value)
        return self

    def __getstate__(self) -> dict[str, Any]:
        """The parameters alone: whoever unpickles it opens the model again. (A `Model` given as one cannot be pickled.)"""
        return self.get_params()

    def fit(self, X: Any = None, y: Any = None) -> "EmbeddingTransformer":
        self._open()
        return self

    def _open(self) -> Model:
        given = (self.model, self.device, self.precision, self.threads)
        if getattr(self, "_given", None) != given:
            self._opened = self.model if isinstance(self.model, Model) else Model(
                self.model, device=self.device, precision=self.precision, threads=self.threads)
            self._given = given
        return self._opened

    def transform(self, X: Any) -> Floats:
        model = self._open()
        images = X if isinstance(X, Mapping) else {name: X for name in model.modalities}
        features = model.embed(images)
        return features.reshape(len(features), -1)

    def fit_transform(self, X: Any, y: Any = None) -> Floats:
        return self.fit(X, y).transform(X)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        model = self._open()
        return np.array([f"{name}_{k}" for name in model.modalities for k in range(model.feature_size)], dtype=object)
