"""Makes the images: scikit-learn's digits, enlarged to 28 x 28 pixels, in the four files of the MNIST format."""

import struct
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits


def write(folder: Path, train: int = 1437, test: int = 360) -> Path:
    """Writes the first ``train`` digits for the training and the next ``test`` for the test."""
    digits = load_digits()
    small = (digits.images * 255 / 16).astype(np.uint8)
    images = np.pad(np.kron(small, np.ones((1, 3, 3), np.uint8)), ((0, 0), (2, 2), (2, 2)))
    labels = digits.target.astype(np.uint8)
    folder.mkdir(parents=True, exist_ok=True)
    for kind, start, count in (("train", 0, train), ("t10k", train, test)):
        chosen = slice(start, start + count)
        pixels = struct.pack(">4i", 2051, count, 28, 28) + images[chosen].tobytes()
        (folder / f"{kind}-images-idx3-ubyte").write_bytes(pixels)
        (folder / f"{kind}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 2049, count) + labels[chosen].tobytes())
    return folder


if __name__ == "__main__":
    print(write(Path(sys.argv[1])))
