"""Data sets, and whole augmented batches of them."""

from __future__ import annotations

import ctypes
import os
from ctypes import byref, c_char, c_float, c_int64, c_uint8, c_void_p
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Iterator, Mapping, Optional

import numpy as np
import numpy.typing as npt

from . import _library as lib
from ._library import Handle, call, text
from ._work import ProgressHook, opened

Floats = npt.NDArray[np.float32]
_UNKNOWN_TIME = -(2**63)


def _names(count: int, name: Any) -> list[str]:
    return [text(name(i)) for i in range(count)]


def _modalities(owner: str, handle: c_void_p) -> dict[str, list[str]]:
    found = {}
    for m in range(call(f"mosaic_{owner}_modality_count", handle)):
        bands = range(call(f"mosaic_{owner}_band_count", handle, m))
        found[text(call(f"mosaic_{owner}_modality", handle, m))] = [
            text(call(f"mosaic_{owner}_band", handle, m, b)) for b in bands]
    return found


@dataclass(frozen=True)
class Site:
    """Where a patch lies: upper left corner and size, in units of crs."""

    crs: str
    x: float
    y: float
    width: float
    height: float


class Dataset(Handle):
    """A data set of co-registered patches, by name.

    root: folder or file. Further options are keys of the configuration's `data` section without the prefix:
    ``Dataset("/data/BigEarthNet", format="bigearthnet-v2", limit=100)``. progress is told how far the index of an
    archive is, which the first opening makes. len() is the number of patches; a patch is
    asked for by its index or name.
    """

    _close = "mosaic_dataset_close"

    def __init__(self, root: Any, *, progress: Optional[ProgressHook] = None, **options: Any) -> None:
        given = {"root": root, **{key: lib.listed(value) for key, value in options.items()}}
        reader, handle = c_void_p(), opened("mosaic_dataset_open", self._close, lib.pairs(given), progress=progress)
        super().__init__(handle)
        self._reader: Optional[c_void_p] = None
        call("mosaic_reader_open", handle, byref(reader))
        self._reader = reader
        self.modalities: dict[str, list[str]] = _modalities("dataset", handle)
        self.classes: list[str] = _names(call("mosaic_dataset_class_count", handle),
                                         lambda i: call("mosaic_dataset_class", handle, i))

        self.format: str = text(call("mosaic_dataset_format", handle))
        self.root: str = text(call("mosaic_dataset_root", handle))

    def close(self) -> None:
        reader, self._reader = getattr(self, "_reader", None), None
        if reader is not None and self._pid == os.getpid():
            call("mosaic_reader_close", byref(reader))
        super().close()

    def __len__(self) -> int:
        return int(call("mosaic_dataset_count", self.handle))

    def index(self, key: Any) -> int:
        """The index of a patch given by index (from the end if negative) or by name. IndexError, KeyError."""
        if isinstance(key, str):
            found = int(call("mosaic_dataset_find", self.handle, key.encode()))
            if found < 0:
                raise KeyError(key)
            return found
        at = int(key) + (len(self) if key < 0 else 0)
        if not 0 <= at < len(self):
            raise IndexError(f"patch {key} of {len(self)}")
        return at

    def name(self, key: Any) -> str:
        return text(call("mosaic_dataset_id", self.handle, self.index(key)))

    def split(self, key: Any) -> str:
        """"train", "validation", "test" or "none"."""
        return text(call("mosaic_dataset_split", self.handle, self.index(key)))

    def country(self, key: Any) -> str:
        return text(call("mosaic_dataset_country", self.handle, self.index(key)))

    def labels(self, key: Any) -> npt.NDArray[np.int8]:
        """[classes] 1, 0 or -1 (unknown); a copy."""
        labels = call("mosaic_dataset_labels", self.handle, self.index(key))
        return np.array([labels[i] for i in range(len(self.classes))], dtype=np.int8)

    def times(self, key: Any) -> dict[str, Optional[datetime]]:
        """When each modality was acquired, UTC; None: not known."""
        i = self.index(key)
        seconds = {name: call("mosaic_dataset_time", self.handle, i, m) for m, name in enumerate(self.modalities)}
        return {name: None if s == _UNKNOWN_TIME else datetime.fromtimestamp(s, timezone.utc)
                for name, s in seconds.items()}

    def site(self, key: Any) -> Optional[Site]:
        """Where the patch lies, None where the data set does not know."""
        place = lib.Place()
        if not call("mosaic_dataset_place", self.handle, self.index(key), byref(place)):
            return None
        return Site(text(place.crs), place.x, place.y, place.width, place.height)

    def resolution(self, modality: str, band: str) -> float:
        """Metres of a pixel on the ground, 0 where the data set does not know. KeyError."""
        names = list(self.modalities)
        if modality not in names or band not in self.modalities[modality]:
            raise KeyError(f"{modality} {band}")
        return float(call("mosaic_dataset_resolution", self.handle, names.index(modality),
                          self.modalities[modality].index(band)))

    def band(self, key: Any, modality: str, band: str) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Pixels [height, width] at the band's own size, S1 in dB, S2 in digital numbers; and which are valid."""
        data, valid = ctypes.POINTER(c_float)(), ctypes.POINTER(c_uint8)()
        width, height, invalid = c_int64(), c_int64(), c_int64()
        call("mosaic_reader_masked", self._own_reader(), self.index(key), modality.encode(), band.encode(),
             byref(data), byref(valid), byref(width), byref(height), byref(invalid))
        shape = (height.value, width.value)
        return (np.ctypeslib.as_array(data, shape).copy(), np.ctypeslib.as_array(valid, shape).astype(np.bool_))

    def _own_reader(self) -> c_void_p:
        _ = self.handle
        assert self._reader is not None
        return self._reader

    def __getitem__(self, key: Any) -> dict[str, Any]:
        """name, split, country, labels [classes], times, site, and per modality that the patch has {band: pixels}
        (`s1`, `s2`) with the masks of valid pixels as `s1_valid`, `s2_valid`."""
        i = self.index(key)
        sample: dict[str, Any] = {"name": self.name(i), "split": self.split(i), "country": self.country(i),
                                  "labels": self.labels(i), "times": self.times(i), "site": self.site(i)}
        for m, (modality, bands) in enumerate(self.modalities.items()):
            if call("mosaic_dataset_has", self.handle, i, m):
                read = {band: self.band(i, modality, band) for band in bands}
                sample[modality] = {band: pixels for band, (pixels, _) in read.items()}
                sample[f"{modality}_valid"] = {band: valid for band, (_, valid) in read.items()}
        return sample


class _Lent(Handle):
    """A batch of the library's, given back when the last array on its memory is gone."""

    _close = "mosaic_batch_release"

    def array(self, address: int, shape: tuple[int, ...], kind: Any) -> npt.NDArray[Any]:
        dtype = np.dtype(kind)
        memory: Any = (c_char * (int(np.prod(shape)) * dtype.itemsize)).from_address(address)
        memory._owner = self
        flat: npt.NDArray[Any] = np.frombuffer(memory, dtype=dtype)
        return flat.reshape(shape)


@dataclass(frozen=True)
class Batch:
    """One batch. Its arrays lie in the library's own memory, which lives as long as any of them (or a tensor made of
    them by torch.from_numpy) does: nothing is copied, and nothing is overwritten.

    images: modality to float32 [views, rows, bands, height, width], standardised; present: modality to bool [rows];
    labels: int8 [rows, classes] 1, 0 or -1 (unknown); samples: int64 [rows], indices into the data set; valid: rows
    that are no repeats.
    """

    images: dict[str, Floats]
    present: dict[str, npt.NDArray[np.bool_]]
    labels: npt.NDArray[np.int8]
    samples: npt.NDArray[np.int64]
    valid: int


class Loader(Handle):
    """Whole augmented batches, read and made by threads of the library.

    config: a configuration file, or a mapping of its keys, {"data.root": ..., "method": "simclr", "train.batch": 64};
    `options` go over it. split ("train"), views ("training" or "plain"), threads (0: all), rank and ranks as
    mosaic_loader_open has them, as options or by name. progress is told how far the statistics are. Iterating gives one epoch after the other: `epoch` is the next one's number. kinds: of
    each view, "a" anchor (only flipped and turned), "s" strong (the whole augmentation), "e" plain.
    """

    _close = "mosaic_loader_close"

    def __init__(self, config: Any = None, options: Optional[Mapping[str, Any]] = None, *, split: Optional[str] = None,
                 views: Optional[str] = None, threads: Optional[int] = None, rank: Optional[int] = None,
                 ranks: Optional[int] = None, progress: Optional[ProgressHook] = None) -> None:
        given = config_pairs(config, options, split=split, views=views, threads=threads, rank=rank, ranks=ranks)
        handle = opened("mosaic_loader_open", self._close, lib.pairs(given), progress=progress)
        super().__init__(handle)
        self.modalities: dict[str, list[str]] = _modalities("loader", handle)
        data = call("mosaic_loader_dataset", handle)
        self.classes: list[str] = _names(call("mosaic_dataset_class_count", data),
                                         lambda i: call("mosaic_dataset_class", data, i))
        self.rows, self.views, self.height, self.width = (
            int(call(f"mosaic_loader_{name}", handle)) for name in ("rows", "views", "height", "width"))
        self.kinds: list[str] = [call("mosaic_loader_view", handle, v).decode() for v in range(self.views)]
        self.mean = self._statistics("mean")
        self.sd = self._statistics("sd")
        self.epoch = 0

    def _statistics(self, what: str) -> dict[str, npt.NDArray[np.float64]]:
        return {name: np.array([call(f"mosaic_loader_{what}", self.handle, m, b) for b in range(len(bands))])
                for m, (name, bands) in enumerate(self.modalities.items())}

    def __len__(self) -> int:
        """Batches of an epoch."""
        return int(call("mosaic_loader_batches", self.handle))

    def name(self, sample: int) -> str:
        """The name of a patch by its index in Batch.samples. IndexError."""
        name = call("mosaic_dataset_id", call("mosaic_loader_dataset", self.handle), int(sample))
        if name is None:
            raise IndexError(f"patch {sample} of {call('mosaic_dataset_count', call('mosaic_loader_dataset', self.handle))}")
        return text(name)

    def start(self, epoch: int, first: int = 0) -> None:
        """Begin an epoch at batch `first`; next() gives its batches."""
        call("mosaic_loader_start", self.handle, epoch, first)

    def next(self) -> Optional[Batch]:
        """The next batch of the epoch, None after the last."""
        handle = c_void_p()
        call("mosaic_loader_next", self.handle, byref(handle))
        if not handle:
            return None
        lent = _Lent(handle)
        images, present = {}, {}
        for m, (name, bands) in enumerate(self.modalities.items()):
            images[name] = lent.array(call("mosaic_batch_images", handle, m),
                                      (self.views, self.rows, len(bands), self.height, self.width), np.float32)
            present[name] = lent.array(call("mosaic_batch_present", handle, m), (self.rows,), np.bool_)
        labels = lent.array(call("mosaic_batch_labels", handle), (self.rows, len(self.classes)), np.int8)
        samples = lent.array(call("mosaic_batch_samples", handle), (self.rows,), np.int64)
        return Batch(images, present, labels, samples, int(call("mosaic_batch_valid", handle)))

    def __iter__(self) -> Iterator[Batch]:
        self.start(self.epoch)
        self.epoch += 1
        while (batch := self.next()) is not None:
            yield batch


def config_pairs(config: Any, options: Optional[Mapping[str, Any]], **named: Any) -> dict[str, Any]:
    """A configuration (a file, a mapping of keys, or None) and what goes over it, as options of the library. What is given
    by name goes over both, None leaves what they say."""
    given: dict[str, Any] = dict(config) if isinstance(config, Mapping) else {"config": config}
    given.update(options or {})
    given.update((key, value) for key, value in named.items() if value is not None)
    return given
