"""The Python package against NumPy, PyTorch and scikit-learn. Skips aloud what is not installed."""

import contextlib
import gc
import html
import io
import json
import logging
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

try:
    import numpy as np
except ImportError:
    print("skipped: the Python package's tests need NumPy")
    sys.exit(77)

import mosaic_eo as mo

try:
    import torch

    from mosaic_eo.torch import MosaicBatches
except ImportError:
    torch = None
try:
    import sklearn.metrics
except ImportError:
    sklearn = None
try:
    import xarray

    import mosaic_eo.xarray as moxr
except ImportError:
    xarray = None
try:
    from osgeo import gdal, osr
except ImportError:
    gdal = None
for package, module in (("PyTorch", torch), ("scikit-learn", sklearn), ("xarray", xarray), ("GDAL's Python", gdal)):
    if module is None:
        print(f"skipped: {package} is not installed, what compares with it is left out")

FOLDER = tempfile.TemporaryDirectory(prefix="mosaic-python-")
ROOT = Path(FOLDER.name) / "data"
RUN = Path(FOLDER.name) / "run"
CONFIG = {"data.root": ROOT, "data.modalities.s1.bands": ["VV", "VH"], "data.modalities.s2.bands": ["B02", "B03", "B08"],
          "model.encoder": "resnet10-narrow", "train.batch": 4, "train.epochs": 1, "train.precision": "fp32",
          "train.seed": 5}


def setUpModule():
    mo.set_verbosity(0)
    mo.run("data synth", ROOT, patches=24, size=24, seed=3, threads=1)


def tearDownModule():
    FOLDER.cleanup()


def trained_run():
    """A run of one epoch, made once."""
    out = Path(FOLDER.name) / "trained"
    if not out.exists():
        mo.train(CONFIG, out, {"method": "supervised", "threads": 1})
    return out


class Commands(unittest.TestCase):
    def test_lists_and_runs(self):
        self.assertIn("data synth", mo.commands())
        self.assertIn("24", mo.run("data info", ROOT))
        self.assertEqual(mo.__version__.count("."), 2)

    def test_errors_are_exceptions_with_the_message(self):
        with self.assertRaisesRegex(mo.UsageError, "did you mean 'data synth'"):
            mo.run("data snyth")
        with self.assertRaisesRegex(ValueError, "patchs"):
            mo.run("data synth", ROOT, patchs=3)
        with self.assertRaisesRegex(mo.MosaicError, "nothing"):
            mo.Dataset(ROOT / "nothing")


    def test_lines_go_to_logging(self):
        """What the library warns of reaches Python's logging, in children of fork too."""
        root = Path(FOLDER.name) / "lacking"
        mo.run("data synth", root, patches=8, size=24, missing_s1=0.5, threads=1)

        def warned():
            with self.assertLogs("mosaic_eo", "WARNING") as heard:
                mo.Dataset(root).close()
            self.assertEqual([record.levelname for record in heard.records], ["WARNING"])
            self.assertIn("missing partner (no s1)", heard.output[0])

        mo.set_verbosity(1)
        try:
            warned()
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    warned()
                    code = 0
                finally:
                    os._exit(code)
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            warned()
        finally:
            mo.set_verbosity(0)

    def test_interrupt_ends_a_command_with_a_checkpoint(self):
        """Ctrl-C while a command trains: in good order, and as KeyboardInterrupt."""
        out, over = Path(FOLDER.name) / "command", threading.Event()
        config, settings = Path(FOLDER.name) / "command.yaml", {**CONFIG, "train.epochs": 5000}
        config.write_text("method: supervised\n")

        def interrupt():
            lines = out / "metrics.jsonl"
            while not over.wait(0.01):
                if lines.exists() and lines.stat().st_size > 0:
                    os.kill(os.getpid(), signal.SIGINT)
                    return

        thread = threading.Thread(target=interrupt)
        thread.start()
        try:
            with self.assertRaises(KeyboardInterrupt):
                mo.run("train", config, out=out, threads=1, set=[f"{key}={mo._library.option_text(value)}" for key, value in settings.items()])
        finally:
            over.set()
            thread.join()
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)
        with mo.Training(config, out, {**settings, "threads": 1}, resume=True) as training:
            self.assertGreater(training.step().step, 1)

    def test_interrupt_stops_what_keeps_nothing(self):
        """Ctrl-C in calls of minutes: soon, as KeyboardInterrupt, and the next call works."""
        rows = np.random.default_rng(1).random((5000, 8)).astype(np.float32)
        labels = (rows[:, :3] > 0.5).astype(np.int8)
        with mo.Model(trained_run(), threads=1, batch=1) as model:
            images = {"s2": np.ones((20000, 3, 24, 24), dtype=np.float32)}
            calls = {"t-SNE": lambda: mo.tsne(rows, iterations=100000, threads=1),
                     "bootstrap": lambda: mo.bootstrap(rows[:, :3], labels, resamples=10**6, threads=1),
                     "predict": lambda: model.predict(images),
                     "embed": lambda: model.embed(images),
                     "synth": lambda: mo.run("data synth", Path(FOLDER.name) / "long", patches=200000, size=24, threads=1)}
            for name, long_call in calls.items():
                sent = []

                def interrupt():
                    sent.append(time.monotonic())
                    os.kill(os.getpid(), signal.SIGINT)

                timer = threading.Timer(0.5, interrupt)
                timer.start()
                with self.subTest(name), self.assertRaises(KeyboardInterrupt):
                    long_call()
                timer.join()
                self.assertLess(time.monotonic() - sent[0], 20, name)  # alone well below a second
            self.assertEqual(model.predict({"s2": images["s2"][:3]}).shape, (3, 19))
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_progress(self):
        mo.set_verbosity(1)
        logging.disable(logging.INFO)
        try:
            heard, threads = [], set()

            def hear(progress):
                threads.add(threading.current_thread())
                heard.append(progress)

            def ends(label, total):
                last = [p for p in heard if p.label == label][-1]
                self.assertEqual((last.done, last.total, last.ended), (total, total, True))
                self.assertTrue(all(a.done <= b.done for a, b in zip(heard, heard[1:]) if a.label == b.label == label))
                heard.clear()

            run, out = trained_run(), Path(FOLDER.name)
            mo.run("data check", ROOT, progress=hear)
            ends("check", 24)
            mo.run("data pack", ROOT, out / "told.pack", progress=hear)
            ends("pack", 24)
            mo.evaluate(run, out=out / "told-eval", split="train", pictures=0, progress=hear)
            self.assertIn("evaluating", {p.label for p in heard})
            heard.clear()
            mo.run("predict", run, ROOT, out=out / "told-predict", progress=hear)
            self.assertTrue(heard and heard[-1].ended)
            heard.clear()
            mo.tsne(np.random.default_rng(2).random((60, 5)), iterations=250, progress=hear)
            ends("t-SNE", 250)
            with mo.Model(run, threads=1, batch=4) as model:
                images = {"s2": np.ones((10, 3, 24, 24), dtype=np.float32)}
                model.embed(images, progress=hear)
                ends("patches", 10)
                model.predict({"s2": images["s2"][:4]}, progress=hear)
                self.assertEqual(heard, [])
            self.assertEqual(threads, {threading.current_thread()})
            with self.assertRaisesRegex(ZeroDivisionError, "mine"):  # what progress raises stops the work

                def refuse(_):
                    raise ZeroDivisionError("mine")

                mo.tsne(np.random.default_rng(2).random((3000, 5)), iterations=100000, threads=1, progress=refuse)
            mo.run("data synth", out / "quiet", patches=2, size=24, threads=1, progress=False)  # its own option
        finally:
            logging.disable(logging.NOTSET)
            mo.set_verbosity(0)


class Statistics(unittest.TestCase):
    """Functions on arrays; what they compute is held against scikit-learn in the C library's own tests."""

    def test_thresholds_and_bootstrap(self):
        noise = np.random.default_rng(2)
        p = noise.random((300, 3)).astype(np.float32)
        y = (noise.random((300, 3)) < p).astype(float)  # labels may be of any type that holds 1, 0 and -1
        y[0, 0] = -1
        by_class, together = mo.tune_thresholds(p, y)
        tuned = mo.scores(p, y, together)["micro"]["f1"]
        self.assertTrue(all(mo.scores(p, y, t)["micro"]["f1"] <= tuned + 1e-9 for t in np.linspace(0.05, 0.95, 19)))
        for c in range(3):
            best = mo.scores(p[:, [c]], y[:, [c]], by_class[c])["micro"]["f1"]
            self.assertTrue(all(mo.scores(p[:, [c]], y[:, [c]], t)["micro"]["f1"] <= best + 1e-9 for t in np.linspace(0.05, 0.95, 19)))
        plain = mo.bootstrap(p, y, resamples=100, seed=4, threads=1)
        self.assertAlmostEqual(plain["macro_ap"].value, mo.scores(p, y)["macro"]["average_precision"], places=9)
        self.assertTrue(plain["macro_ap"].low < plain["macro_ap"].value < plain["macro_ap"].high and np.isnan(plain["macro_ap"].p))
        again = mo.bootstrap(p, y, resamples=100, seed=4, threads=2)["macro_ap"]
        self.assertEqual((again.low, again.high), (plain["macro_ap"].low, plain["macro_ap"].high))
        paired = mo.bootstrap(p, y, 1 - p, resamples=100, threads=1)["macro_ap"]
        self.assertTrue(paired.low > 0 and paired.p < 0.05)
        with self.assertRaisesRegex(mo.UsageError, "1, 0 or -1"):
            mo.scores(p, y * 0.5)
        with self.assertRaisesRegex(mo.UsageError, "shape"):
            mo.bootstrap(p, y, p[:, :2])

    def test_clusters_and_tsne(self):
        noise = np.random.default_rng(3)
        y = np.eye(2, dtype=np.int8)[np.arange(40) % 2]
        x = y @ np.array([[1.0, 0, 0], [0, 1, 0]]) + 0.05 * noise.standard_normal((40, 3))
        found = mo.clusters(x, y, x, threads=1)
        unit = x / np.linalg.norm(x, axis=1, keepdims=True)
        cosines = unit @ unit.T
        self.assertTrue(found["silhouette"] > 0.9 and found["alignment"] == 0 and found["rows"] == 40 and not found["collapsed"])
        self.assertAlmostEqual(found["mean_cosine"], (cosines.sum() - 40) / (40 * 39), places=5)
        self.assertTrue(np.isnan(mo.clusters(x, y, threads=1)["alignment"]))
        points, about = mo.tsne(x, perplexity=5, iterations=250, threads=1)
        self.assertTrue(points.shape == (40, 2) and about["iterations"] == 250 and about["trustworthiness"] > 0.8)
        np.testing.assert_array_equal(points, mo.tsne(x, perplexity=5, iterations=250, threads=2)[0])
        with self.assertRaisesRegex(mo.UsageError, "want the same"):
            mo.clusters(x, y, x[:, :2])
        with self.assertRaises(mo.UsageError):
            mo.tsne(x[:5])


class Data(unittest.TestCase):
    def test_samples(self):
        with mo.Dataset(ROOT) as data:
            self.assertEqual(len(data), 24)
            self.assertEqual(data.modalities["s1"], ["VV", "VH"])
            sample = data[-1]
            self.assertEqual(sample["name"], data.name(23))
            self.assertEqual(data[sample["name"]]["name"], sample["name"])
            self.assertEqual(sample["s1"]["VV"].shape, (24, 24))
            self.assertEqual(sample["s2"]["B01"].shape, (4, 4))
            self.assertTrue(sample["s1"]["VV"].mean() < 0 and sample["s1_valid"]["VV"].all())
            self.assertEqual(sample["labels"].shape, (19,))
            self.assertEqual(sample["times"]["s2"].tzinfo.utcoffset(None).seconds, 0)
            self.assertEqual((Path(data.root), data.format, data.resolution("s2", "B01")), (ROOT, "bigearthnet-v2-lmdb", 60))
            with self.assertRaises(KeyError):
                data.resolution("s2", "B99")
            with self.assertRaises(IndexError):
                data[24]
            with self.assertRaises(KeyError):
                data["nobody"]
        with self.assertRaisesRegex(mo.UsageError, "closed"):
            len(data)


class Batches(unittest.TestCase):
    def test_plain_batches_are_the_pixels(self):
        data = mo.Dataset(ROOT)
        loader = mo.Loader(CONFIG, {"train.batch": 5}, split="all", views="plain")
        seen = 0
        for batch in loader:
            for row in range(batch.valid):
                self.assertEqual(batch.samples[row], seen)
                pixels, _ = data.band(seen, "s1", "VH")
                wanted = (pixels - loader.mean["s1"][1]) / loader.sd["s1"][1]
                np.testing.assert_allclose(batch.images["s1"][0, row, 1], wanted, atol=1e-4)
                np.testing.assert_array_equal(batch.labels[row], data.labels(seen))
                seen += 1
        self.assertEqual(seen, 24)

    def test_arrays_keep_their_memory(self):
        """Batches that are held stay as they are while others are made, also after the loader is gone."""
        loader = mo.Loader(CONFIG, {"method": "simclr"})
        self.assertEqual((loader.views, loader.kinds), (2, ["s", "s"]))
        held = [batch.images["s2"] for batch in loader]  # the batches themselves are gone
        copies = [images.copy() for images in held]
        for _ in range(3):
            for batch in loader:
                self.assertFalse(any(np.shares_memory(batch.images["s2"], images) for images in held))
        loader.close()
        del loader, batch
        gc.collect()
        again = mo.Loader(CONFIG, {"method": "simclr"}, threads=1)
        for images, copy, batch in zip(held, copies, again):
            np.testing.assert_array_equal(images, copy)
            np.testing.assert_array_equal(images, batch.images["s2"])

    def test_options_in_the_mapping_count(self):
        """What a mapping says is not overruled by a default, and what is given by name goes over it."""
        given = {**CONFIG, "split": "test", "views": "plain", "rank": 1, "ranks": 2}
        loader = mo.Loader(given)
        self.assertEqual((loader.kinds, loader.rows), (["e"], 2))
        self.assertEqual(mo.Loader(given, rank=0, ranks=1).rows, 4)
        with mo.Dataset(ROOT) as data:
            self.assertEqual({data.split(i) for batch in loader for i in batch.samples}, {"test"})
        for key, value in (("split", "nothing"), ("views", "pretty"), ("threads", -1), ("rank", 3)):
            with self.assertRaisesRegex(mo.UsageError, key):
                mo.Loader(CONFIG, {key: value})
        with self.assertRaisesRegex(IndexError, "24"):
            loader.name(24)
        with self.assertRaisesRegex(TypeError, "open one there"):
            pickle.dumps(loader)

    def test_memory_is_used_again(self):
        loader = mo.Loader(CONFIG, {"method": "simclr", "train.prefetch": 0})
        places = set()
        for _ in range(10):
            for batch in loader:
                places.add(batch.images["s2"].ctypes.data)
                del batch
        self.assertLessEqual(len(places), 4)

    def test_fork(self):
        """A child of fork may not use the parent's handles, and opens its own."""
        loader = mo.Loader(CONFIG, {"method": "simclr"})
        first = next(iter(loader)).images["s1"]
        child = os.fork()
        if child == 0:
            code = 1
            try:
                try:
                    loader.next()
                except mo.UsageError:
                    own = mo.Loader(CONFIG, {"method": "simclr"}, threads=1)
                    code = 0 if np.array_equal(next(iter(own)).images["s1"], first) else 2
                del loader, first
                gc.collect()
            finally:
                os._exit(code)
        self.assertEqual(os.waitpid(child, 0)[1], 0)

    @unittest.skipIf(torch is None, "PyTorch is not installed")
    def test_torch(self):
        batches = MosaicBatches(CONFIG, {"method": "supervised"}, rank=0, ranks=1)
        from torch.utils.data import DataLoader

        seen = []
        for batch in DataLoader(batches, batch_size=None):
            self.assertEqual(batch["image_s1"].shape, (4, 2, 24, 24))
            self.assertEqual(batch["label"].dtype, torch.int8)
            seen += batch["sample"].tolist()
        self.assertEqual(next(iter(MosaicBatches(CONFIG, {"method": "supervised", "rank": 1, "ranks": 2})))["sample"].shape, (2,))
        array = mo.Loader(CONFIG, {"method": "supervised"})
        first = next(iter(array))
        tensor = torch.from_numpy(first.images["s1"])
        self.assertEqual(tensor.data_ptr(), first.images["s1"].ctypes.data)
        self.assertEqual(torch.from_dlpack(first.images["s1"]).data_ptr(), tensor.data_ptr())
        shared = []
        for rank in range(2):
            for batch in MosaicBatches(CONFIG, {"method": "supervised"}, rank=rank, ranks=2):
                self.assertEqual(batch["image_s2"].shape, (2, 3, 24, 24))
                shared += batch["sample"].tolist()
        self.assertEqual(sorted(seen), sorted(shared))
        workers = []
        for context in ("fork", "spawn"):
            for batch in DataLoader(MosaicBatches(CONFIG, {"method": "supervised"}, threads=1, rank=0, ranks=1),
                                    batch_size=None, num_workers=2, multiprocessing_context=context):
                workers += batch["sample"].tolist()
        self.assertEqual(sorted(workers), sorted(seen + seen))


    @unittest.skipIf(torch is None, "PyTorch is not installed")
    def test_race(self):
        """bench/peers/loader_race.py: ours from store and GeoTIFFs, standardised; peers that are not installed are named."""
        sys.path.insert(0, str(Path(__file__).parents[2] / "bench" / "peers"))
        import loader_race

        with tempfile.TemporaryDirectory(prefix="mosaic-race-") as folder, mock.patch.object(loader_race, "PACKAGES", ("nobodys_package",)):
            paths = {"tree": Path(folder) / "tree", "store": Path(folder) / "store", "snow": Path(folder) / "snow.parquet"}
            mo.run("data synth", paths["tree"], layout="tree", patches=16, threads=1)
            mo.run("data pack", paths["tree"], paths["store"], threads=1)
            out, said = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
                loader_race.main(["--folder", folder, "--levels", "whole", "--batch", "2", "--rounds", "1", "--seconds", "0.01", "--threads", "1",
                                  "--json"])
            rows = [json.loads(line) for line in out.getvalue().splitlines()]
            self.assertEqual([row["name"] for row in rows], ["mosaic", "mosaic-tree"])
            self.assertTrue(rows[0]["mosaic_is_times"] == 1 and all(row["batches_per_s"] > 0 for row in rows))
            self.assertIn("skipped: torchgeo: No module named 'nobodys_package'", said.getvalue())
            self.assertIn("skipped: configilm: ", said.getvalue())
        torch.manual_seed(1)
        light = loader_race.Light("whole", [-10.0] * 14, [2.0] * 14)
        seen = light(torch.full((64, 14, 24, 24), -6.0))
        # 2 sd above the mean; speckle of 8 looks lies 0.28 dB below 0 in the mean and 1.6 dB around it, gains and offsets shift 0.2 and 0.1
        self.assertAlmostEqual(float(seen[:, 2:].mean()), 2, delta=0.1)
        self.assertAlmostEqual(float(seen[:, :2].mean()), 2 - 0.14, delta=0.15)
        self.assertAlmostEqual(float(seen[:, :2].std()), ((1.6**2 + 1 / 3) / 4) ** 0.5, delta=0.1)
        plain = loader_race.Light("geometry", [-10.0] * 14, [2.0] * 14)(torch.full((1, 14, 2, 2), -6.0))
        self.assertTrue((plain == 2).all())


class Trainings(unittest.TestCase):
    def test_train_predict_evaluate(self):
        steps = []
        model_path = mo.train(CONFIG, RUN, {"method": "supervised", "threads": 1}, on_step=steps.append)
        self.assertEqual([s.step for s in steps], list(range(1, steps[-1].steps + 1)))
        self.assertTrue(steps[-1].over and steps[-1].epoch_ended and list(steps[0].terms) == ["bce"])
        self.assertTrue(model_path.is_file())

        model = mo.Model(RUN, threads=1)
        loader = mo.Loader(CONFIG, {"train.batch": 6}, split="test", views="plain")
        rows, labels = [], []
        for batch in loader:
            raw = {m: batch.images[m][0] * loader.sd[m][:, None, None] + loader.mean[m][:, None, None]
                   for m in loader.modalities}
            rows.append(model.predict(raw)[:batch.valid])
            labels.append(batch.labels[:batch.valid])
        p, y = np.concatenate(rows), np.concatenate(labels)
        self.assertEqual(p.shape, (6, 19))
        mine = mo.scores(p, y)
        judged = mo.evaluate(RUN, split="test", pictures=0, threads=1)
        self.assertTrue(judged)
        if sklearn is not None:
            self.assertAlmostEqual(mine["micro"]["average_precision"],
                                   sklearn.metrics.average_precision_score(y, p, average="micro"), places=6)
        # the mean of each band stands for what is missing in a row
        only = model.predict({"s2": raw["s2"]})
        some = model.predict(raw, {"s1": np.zeros(len(raw["s1"]))})
        np.testing.assert_array_equal(only, some)
        with self.assertRaisesRegex(mo.UsageError, "shape"):
            model.predict({"s2": raw["s2"][:, :2]})
        transformer = mo.EmbeddingTransformer(RUN, threads=1)
        features = transformer.fit_transform(raw)
        self.assertEqual(features.shape, (len(raw["s1"]), 2 * model.feature_size))
        np.testing.assert_array_equal(features.reshape(len(features), 2, -1), model.embed(raw))
        self.assertEqual(len(transformer.get_feature_names_out()), features.shape[1])
        if sklearn is not None:
            from sklearn.base import clone
            from sklearn.linear_model import LogisticRegression
            from sklearn.pipeline import make_pipeline

            pipeline = make_pipeline(clone(transformer), LogisticRegression(max_iter=5))
            self.assertEqual(len(pipeline.steps), 2)
            target = np.arange(len(features)) % 2
            self.assertEqual(pipeline.fit(raw, target).predict(raw).shape, target.shape)
            self.assertEqual(pipeline.set_params(embeddingtransformer__threads=2)[0].threads, 2)
        with self.assertRaises(ValueError):
            transformer.set_params(thread=1)
        copied = pickle.loads(pickle.dumps(transformer))  # as joblib does for other processes
        np.testing.assert_array_equal(copied.transform(raw), features)
        report = mo.Report(RUN)
        shown = report._repr_html_()
        self.assertTrue(shown.startswith("<iframe srcdoc=") and "<" not in shown[8:shown.index('" width=')])
        self.assertEqual(html.unescape(shown[len('<iframe srcdoc="'):shown.index('" width=')]), report.html)
        self.assert_fits(model)
        self.assert_xarray(model, raw)
        self.assert_search(model)
        self.assert_scene()

    def assert_fits(self, model):
        """A model looks at a data set before it predicts of it."""
        self.assertEqual(model.threshold_precision, "fp32")
        with mo.Dataset(ROOT) as data:
            model.check(data)
        other = Path(FOLDER.name) / "guessed"
        shutil.copytree(ROOT, other)
        head = "modality,band,resolution_m,source_format,classes,role,named_by,unit,unit_by,scale,offset,scale_by,nodata,nodata_by,level,level_by"
        (other / "bands.csv").write_text("\n".join([head, *(f"s1,{band},10,csv,given,,a guess,,,1,0,,,,," for band in ("VV", "VH")), ""]))
        with mo.Dataset(other) as data, self.assertRaisesRegex(mo.DataError, "guessed-bands"):
            model.check(data)
        with mo.Dataset(other, accept=["guessed-bands"]) as data:
            model.check(data)

    def assert_xarray(self, model, raw):
        """Bands by name in any order, names of patches kept."""
        if xarray is None:
            return
        names = [f"p{i}" for i in range(len(raw["s1"]))]
        images = {m: xarray.DataArray(raw[m][:, ::-1], {"patch": names, "band": model.modalities[m][::-1]},
                                      ("patch", "band", "y", "x")).transpose("y", "x", "band", "patch") for m in raw}
        p = moxr.predict(model, images)
        np.testing.assert_array_equal(p.sel(patch="p2"), model.predict(raw)[2])
        self.assertEqual(list(p.coords["class"].values), model.classes)
        self.assertEqual(moxr.embed(model, images).sel(modality="s2").shape, (len(names), model.feature_size))
        with self.assertRaisesRegex(mo.UsageError, "s2: no band B08"):
            moxr.predict(model, {"s2": images["s2"].sel(band=["B02", "B03"])})
        with mo.Dataset(ROOT) as data:
            patch = moxr.patch(data, 3)
            np.testing.assert_array_equal(patch["s1_VH"].values, data.band(3, "s1", "VH")[0])
            self.assertEqual(patch["s2_B01"].dims, ("y4", "x4"))
            self.assertEqual(patch.attrs["name"], data.name(3))
            site = data.site(3)
            if site is not None:
                self.assertAlmostEqual(float(patch["x4"][0]), site.x + site.width / 8)

    def assert_search(self, model):
        """The nearest is what the cosines of the features say."""
        out = Path(FOLDER.name) / "embeddings"
        mo.run("embed", RUN, ROOT, out=out, space="features", threads=1)
        rows = np.load(out / "embeddings.npy").astype(np.float64).reshape(24, 2, -1)
        rows /= np.linalg.norm(rows, axis=2, keepdims=True)
        cosines = (rows[:, None] * rows[None]).sum(3).mean(2)
        np.fill_diagonal(cosines, -2)
        with mo.Dataset(ROOT) as data:
            names = [data.name(i) for i in range(len(data))]
        listed = [line for line in (out / "embeddings.csv").read_text().splitlines()[1:]]
        order = [next(i for i, line in enumerate(listed) if name in line) for name in names]
        found = mo.search(out, names[5], count=1, threads=1)
        nearest = names[order.index(int(np.argmax(cosines[order[5]])))]
        self.assertIn(nearest, found)
        with self.assertRaisesRegex(mo.MosaicError, "nobody"):
            mo.search(out, "nobody")

    def assert_scene(self):
        """A map on the scene's own grid."""
        with self.assertRaisesRegex(mo.UsageError, "a raster"):
            mo.predict_scene(RUN, Path(FOLDER.name) / "none")
        if gdal is None:
            return
        rasters = {}
        noise = np.random.default_rng(1)
        for name, bands, low, high in (("s1", ("VV", "VH"), -20, -8), ("s2", ("B02", "B03", "B08"), 300, 3000)):
            path = Path(FOLDER.name) / f"{name}.tif"
            kind = gdal.GDT_Float32 if name == "s1" else gdal.GDT_UInt16
            raster = gdal.GetDriverByName("GTiff").Create(str(path), 48, 36, len(bands), kind)
            system = osr.SpatialReference()
            system.ImportFromEPSG(32633)
            raster.SetProjection(system.ExportToWkt())
            raster.SetGeoTransform((600000, 10, 0, 5300000, 0, -10))
            for b, band in enumerate(bands):
                raster.GetRasterBand(b + 1).SetDescription(band)
                shift = 4 * b if name == "s1" else 0
                raster.GetRasterBand(b + 1).WriteArray(noise.uniform(low - shift, high - shift, (36, 48)))
            raster = None
            rasters[name] = path
        out = mo.predict_scene(RUN, Path(FOLDER.name) / "map", **rasters, threads=1)
        maps = [gdal.Open(str(path)) for path in sorted(out.rglob("*.tif"))]
        self.assertTrue(maps)
        for raster in maps:
            self.assertEqual((raster.RasterXSize, raster.RasterYSize), (48, 36))
            self.assertEqual(raster.GetGeoTransform(), (600000, 10, 0, 5300000, 0, -10))

    def test_interrupt_leaves_a_checkpoint(self):
        out = Path(FOLDER.name) / "interrupted"
        config = {**CONFIG, "method": "supervised", "threads": 1}

        def stop(step):
            if step.step == 2:
                signal.raise_signal(signal.SIGINT)  # Python's own handler, as at Ctrl-C

        with self.assertRaises(KeyboardInterrupt):
            mo.train(config, out, on_step=stop)
        with self.assertRaisesRegex(mo.UsageError, "not empty"):
            mo.train(config, out)
        numbers = []
        path = mo.train(config, out, {"resume": True}, on_step=lambda s: numbers.append(s.step))
        self.assertEqual(numbers[0], 3)
        whole = mo.train(config, Path(FOLDER.name) / "whole")
        self.assertEqual(path.read_bytes(), whole.read_bytes())

    def test_no_signal_handler(self):
        code = ("import signal, mosaic_eo; a = signal.getsignal(signal.SIGINT); "
                "assert a is signal.default_int_handler; mosaic_eo.commands()")
        subprocess.run([sys.executable, "-c", code], check=True)


if __name__ == "__main__":
    unittest.main()
