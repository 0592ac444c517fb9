"""Patches and predictions as xarray has them."""

from __future__ import annotations

from typing import Any, Mapping, Optional

import numpy as np
import xarray as xr

from ._library import UsageError
from .data import Dataset, Floats
from .model import Model


def patch(data: Dataset, key: Any) -> Any:
    """A patch as an xarray.Dataset: a variable [y, x] for each band ("s1_VV"), NaN where a pixel is no measurement.

    Bands of one size share the dimensions y24, x24 (of 24 pixels). Where the data set knows the place, these have
    coordinates, the pixels' centres in units of attrs["crs"]. attrs: name, split, country, labels [classes].
    """
    sample = data[key]
    site = sample["site"]
    variables: dict[str, Any] = {}
    coordinates: dict[str, Any] = {}
    for modality in data.modalities:
        for band, pixels in sample.get(modality, {}).items():
            height, width = pixels.shape
            dimensions = (f"y{height}", f"x{width}")
            valid = sample[f"{modality}_valid"][band]
            variables[f"{modality}_{band}"] = (dimensions, np.where(valid, pixels, np.nan))
            if site is not None:
                coordinates[dimensions[0]] = site.y - (np.arange(height) + 0.5) * site.height / height
                coordinates[dimensions[1]] = site.x + (np.arange(width) + 0.5) * site.width / width
    attributes = {name: sample[name] for name in ("name", "split", "country", "labels")}
    if site is not None:
        attributes["crs"] = site.crs
    return xr.Dataset(variables, coordinates, attributes)


def _arrays(model: Model, images: Mapping[str, Any]) -> dict[str, Floats]:
    """Modality to [patch, band, y, x]: bands by their names, whatever their order."""
    found = {}
    for name, image in images.items():
        missing = {"patch", "band", "y", "x"} - set(image.dims)
        if missing or "band" not in image.coords:
            raise UsageError(f"{name}: dimensions {image.dims}, want patch, band (with names), y, x")
        wanted = model.modalities.get(name, [])
        lacking = sorted(set(wanted) - {str(band) for band in image.coords["band"].values})
        if lacking:
            raise UsageError(f"{name}: no band {', '.join(lacking)}")
        found[name] = np.asarray(image.sel(band=wanted).transpose("patch", "band", "y", "x"), dtype=np.float32)
    return found


def _patches(images: Mapping[str, Any]) -> dict[str, Any]:
    first = next(iter(images.values()))
    return {"patch": first.coords["patch"]} if "patch" in first.coords else {}


def predict(model: Model, images: Mapping[str, Any], present: Optional[Mapping[str, Any]] = None) -> Any:
    """Probabilities as a DataArray [patch, class]. images: modality to a DataArray with the dimensions patch, band, y and
    x in any order, bands by name, in the sensor's units; an xarray.Dataset of such variables too."""
    rows = model.predict(_arrays(model, images), present)
    return xr.DataArray(rows, {**_patches(images), "class": model.classes}, ("patch", "class"))


def embed(model: Model, images: Mapping[str, Any], present: Optional[Mapping[str, Any]] = None) -> Any:
    """Features as a DataArray [patch, modality, feature]; images as of predict."""
    rows = model.embed(_arrays(model, images), present)
    return xr.DataArray(rows, {**_patches(images), "modality": list(model.modalities)}, ("patch", "modality", "feature"))
