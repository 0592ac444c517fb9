"""Batches for PyTorch, without a copy."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Optional

import torch
from torch.utils.data import IterableDataset, get_worker_info

from .data import Loader, config_pairs


class MosaicBatches(IterableDataset[dict[str, Any]]):
    """An IterableDataset of whole batches: ``DataLoader(MosaicBatches(config), batch_size=None)``.

    A batch is a dict: `image_s1`, `image_s2`, ... float32 [rows, bands, height, width] (with several views [views, rows,
    bands, height, width]), standardised; `present_s1`, ... bool [rows]; `label` int8 [rows, classes] 1, 0 or -1
    (unknown); `sample` int64 [rows]. The tensors share the library's memory, which lives as long as they do.

    rank, ranks: this process of so many; the default asks torch.distributed where it is initialised. The library reads
    with threads of its own, so num_workers=0 is best; worker processes share the batches of a rank evenly, each opening
    a loader of its own.
    """

    def __init__(self, config: Any = None, options: Optional[Mapping[str, Any]] = None, *, split: Optional[str] = None,
                 views: Optional[str] = None, threads: Optional[int] = None, rank: Optional[int] = None,
                 ranks: Optional[int] = None) -> None:
        super().__init__()
        self.arguments: dict[str, Any] = {"config": config, "options": options, "split": split, "views": views,
                                          "threads": threads}
        given = config_pairs(config, options)
        if ranks is None and "ranks" in given:
            rank, ranks = given.get("rank", 0), given["ranks"]
        elif ranks is None:
            together = torch.distributed.is_available() and torch.distributed.is_initialized()
            rank = torch.distributed.get_rank() if together else 0
            ranks = torch.distributed.get_world_size() if together else 1
        self.rank, self.ranks, self.epoch = int(rank or 0), int(ranks), 0
        self._loader: Optional[Loader] = None

    def set_epoch(self, epoch: int) -> None:
        """The next epoch's number, as DistributedSampler has it; without it they follow each other."""
        self.epoch = epoch

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_loader": None}

    def _open(self) -> Loader:
        worker = get_worker_info()
        number, count = (0, 1) if worker is None else (worker.id, worker.num_workers)
        if worker is not None or self._loader is None:
            self._loader = Loader(**self.arguments, rank=self.rank * count + number, ranks=self.ranks * count)
        return self._loader

    def __iter__(self) -> Iterator[dict[str, Any]]:
        loader = self._open()
        loader.start(self.epoch)
        self.epoch += 1
        while (batch := loader.next()) is not None:
            out: dict[str, Any] = {}
            for name, images in batch.images.items():
                out[f"image_{name}"] = torch.from_numpy(images[0] if loader.views == 1 else images)
                out[f"present_{name}"] = torch.from_numpy(batch.present[name])
            out["label"] = torch.from_numpy(batch.labels)
            out["sample"] = torch.from_numpy(batch.samples)
            yield out
