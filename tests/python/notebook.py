"""notebook.py NOTEBOOK: runs it as a reader does, and looks at what it shows."""

import os
import sys
import tempfile
from pathlib import Path

missing = []
for module, package in (("nbclient", "python3-nbclient"), ("ipykernel", "python3-ipykernel"), ("nbformat", "python3-nbformat"), ("numpy", "python3-numpy")):
    try:
        __import__(module)
    except ImportError:
        missing.append(package)
if missing:
    print(f"skipped: the notebook is not run without {', '.join(missing)}")
    sys.exit(77)

import nbclient
import nbformat


def main():
    book = nbformat.read(sys.argv[1], as_version=4)
    nbformat.validate(book)
    with tempfile.TemporaryDirectory(prefix="mosaic-notebook-") as folder:
        os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "HOME"):
            os.environ[name] = folder
        nbclient.NotebookClient(book, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
        left = sorted(path.name for path in (Path(folder) / "first").iterdir())
    shown = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    text = "".join(output.text for output in shown if output.output_type == "stream" and output.name == "stdout")
    errors = [output.text for output in shown if output.output_type == "stream" and output.name == "stderr"]
    displayed = {kind: value for output in shown if output.output_type == "execute_result" for kind, value in output.data.items()}
    assert len(errors) == 1 and errors[0].startswith("14 of 19 classes have no positive"), errors  # the library's own warning
    assert left == ["data", "embeddings", "map", "run", "scene"], left
    assert "160 patches of {'s1': 2, 's2': 12} bands" in text, text
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in text.splitlines() if line.startswith("step ")]
    assert len(losses) == 6 and losses[-1] < losses[0], losses
    assert float(text.split("\nmacro AP ")[1].split()[0]) > 0.55, text  # 0.8; what chance gives is below 0.5
    assert displayed["text/html"].startswith("<iframe srcdoc=") and "macro" in displayed["text/html"]
    assert len(displayed["image/png"]) > 500 and "s2_probabilities.tif" in text
    answers = text.split("query,rank,id")[1].splitlines()[1:4]
    assert len(answers) == 3 and all(line.count("S2") >= 2 for line in answers), answers
    print(text)


main()
