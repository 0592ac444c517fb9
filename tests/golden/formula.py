"""Numbers that the golden scripts and the C tests make alike, so that goldens hold outputs only.

uniform(name, count): float32-exact numbers in [-1, 1) from FNV-1a of the name and splitmix64 (tests/golden/formula.h)."""
import numpy as np

MASK = (1 << 64) - 1


def name_hash(name):
    value = 14695981039346656037
    for byte in name.encode():
        value = ((value ^ byte) * 1099511628211) & MASK
    return value


def bits24(name, count):
    with np.errstate(over="ignore"):
        x = np.uint64(name_hash(name)) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return (x >> np.uint64(40)).astype(np.int64)


def uniform(name, count):
    return (bits24(name, count) - (1 << 23)) / float(1 << 23)


def f32(values):
    """Rounded to float32, kept as float64."""
    return np.asarray(values, dtype=np.float64).astype(np.float32).astype(np.float64)


def image(name, n, c, h, w):
    """An offset per patch and band, blocks of 8 x 8 pixels, and pixels: patches differ as real ones do, in the large."""
    bh, bw = (h + 7) // 8, (w + 7) // 8
    offset = uniform(f"{name}.offset", n * c).reshape(n, c, 1, 1)
    block = uniform(f"{name}.block", n * c * bh * bw).reshape(n, c, bh, bw)
    block = np.repeat(np.repeat(block, 8, axis=2), 8, axis=3)[:, :, :h, :w]
    pixel = uniform(f"{name}.pixel", n * c * h * w).reshape(n, c, h, w)
    return f32(offset + block + 0.5 * pixel)


def labels(name, rows, classes, unknown=True):
    """1 (30 %), unknown -1 (5 %), else 0."""
    k = bits24(name, rows * classes) % 100
    out = np.where(k < 30, 1, np.where((k < 35) & unknown, -1, 0))
    return out.reshape(rows, classes)


def unit_rows(name, rows, d):
    z = uniform(name, rows * d).reshape(rows, d)
    return f32(z / np.sqrt((z * z).sum(1, keepdims=True)))


def parameter(name, shape):
    """The value every parameter of a golden model starts from, by its name and shape."""
    count = int(np.prod(shape))
    u = uniform(name, count)
    if len(shape) == 4:
        values = np.sqrt(6.0 / float(shape[1] * shape[2] * shape[3])) * u
    elif len(shape) == 2:
        values = u / np.sqrt(float(shape[1]))
    elif name.endswith(".running_var"):
        values = 1.0 + 0.5 * u
    elif name.endswith(".bn2.weight"):
        values = 0.25 + 0.05 * u  # quiet residual branches keep a deep random network well conditioned
    elif name.endswith(".weight"):
        values = 1.0 + 0.2 * u
    else:
        values = 0.1 * u
    return f32(values).reshape(shape)


def sketch(name, values):
    """Norm and three projections of an array: what a golden keeps of something large."""
    flat = np.asarray(values, dtype=np.float64).reshape(-1)
    return [float(np.sqrt((flat * flat).sum()))] + [
        float((flat * uniform(f"probe{k}.{name}", flat.size)).sum()) for k in range(3)]


class Golden:
    """A text file of named number lists: a line "name count", then the numbers on one line."""

    def __init__(self, path, made_by, digits=17):
        self.path, self.digits = path, digits
        self.lines = [f"# made by tests/golden/{made_by}"]

    def add(self, name, values):
        flat = np.asarray(values, dtype=np.float64).reshape(-1)
        self.lines.append(f"{name} {flat.size}")
        self.lines.append(" ".join(f"{v:.{self.digits}g}" for v in flat))

    def write(self):
        with open(self.path, "w", encoding="ascii") as out:
            out.write("\n".join(self.lines) + "\n")
