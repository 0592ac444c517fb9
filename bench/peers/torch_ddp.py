"""A MoSAiC-1 training step by several processes in PyTorch: DistributedDataParallel over gloo, one thread each, on
the step of torch_mosaic1.py. The default peer of `mosaic bench ranks`, which asks for as many processes as --threads
says; `--batch` is that of all. Each encodes its part; latents, logits and labels of the others are gathered for the
loss, which is that of the whole batch, without gradients for the others' rows (SimCLR's way: cheaper than with them).
Batch norms are local, because SyncBatchNorm has no CPU version. Modes: eager-{nchw,cl}-fp32, each with one bucket size;
a `-25` or `-100` behind it is DDP's bucket_cap_mb."""
import ctypes
import os
import signal
import socket

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.nn.parallel import DistributedDataParallel

import torch_mosaic1 as single


def gathered(mine):
    parts = [torch.empty_like(mine) for _ in range(dist.get_world_size())]
    dist.all_gather(parts, mine.detach().contiguous())
    parts[dist.get_rank()] = mine
    return torch.cat(parts)


def make_step(mode, args):
    _, layout, _, *cap = mode.split("-")
    rows = args.batch // dist.get_world_size()
    torch.manual_seed(0)
    model = single.Model(args.encoder, args.bands, args.classes)
    images = [[torch.randn(rows, b, args.size, args.size) for _ in range(args.views)] for b in args.bands]
    if layout == "cl":
        model = model.to(memory_format=torch.channels_last)
        images = [[v.contiguous(memory_format=torch.channels_last) for v in views] for views in images]
    labels = (torch.rand(args.batch, args.classes) < 0.15).float()
    model = DistributedDataParallel(model, bucket_cap_mb=int(cap[0]) if cap else 25, gradient_as_bucket_view=layout == "nchw")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)

    def step():
        optimizer.zero_grad(set_to_none=True)
        latents, logits = model(images)
        latents = [[gathered(z) for z in views] for views in latents]
        loss = single.loss_of(latents, gathered(logits), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def join(rank, ranks, port):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), GLOO_SOCKET_IFNAME="lo")
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    if not dist.is_initialized():
        dist.init_process_group("gloo", rank=rank, world_size=ranks)


def follow(rank, ranks, port, args, orders):
    # A killed parent leaves no end-of-file: forked processes hold its end of the pipe, and gloo waits for it.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    join(rank, ranks, port)
    steps = {}
    for mode in iter(orders.recv, None):
        if mode not in steps:
            steps[mode] = make_step(mode, args)
        else:
            steps[mode]()


followers = []  # the pipes to the other processes, asleep between steps


def build(mode, args):
    if not followers:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        context = mp.get_context("fork")
        for rank in range(1, args.threads):
            ours, theirs = context.Pipe()
            context.Process(target=follow, args=(rank, args.threads, port, args, theirs), daemon=True).start()
            followers.append(ours)
        join(0, args.threads, port)

    def tell():
        for one in followers:
            one.send(mode)

    tell()
    step = make_step(mode, args)

    def run():
        tell()
        return step()

    return run
