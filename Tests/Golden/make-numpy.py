"""Makes the files in numpy/: archives written by NumPy 2.4.6.

Usage: python3 make-numpy.py

The arrays hold i · 7 mod 11 − 3 (mod 11 alone where unsigned) for i = 0, 1, …, so that the tests can
tell each element.
"""

import io
import pathlib
import zipfile

import numpy

folder = pathlib.Path(__file__).with_name("numpy")
folder.mkdir(exist_ok=True)


def values(kind: str, *shape: int) -> numpy.ndarray:
    numbers = numpy.arange(numpy.prod(shape, dtype=int)) * 7 % 11
    return (numbers if kind == "u1" else numbers - 3).astype(kind).reshape(shape)


kinds = {kind: values(kind, 3, 4) for kind in ["u1", "i4", "i8", "f4", "f8"]}
numpy.savez(folder / "stored.npz", **kinds)
numpy.savez_compressed(folder / "deflated.npz", **kinds)
numpy.savez(folder / "fortran.npz", x=numpy.asfortranarray(values("f4", 3, 4)))
numpy.savez(folder / "big-endian.npz", x=values(">f4", 3, 4))
with zipfile.ZipFile(folder / "versions.npz", "w") as archive:
    for version in [(1, 0), (2, 0), (3, 0)]:
        content = io.BytesIO()
        numpy.lib.format.write_array(content, values("f4", 5), version=version)
        archive.writestr(f"v{version[0]}.npy", content.getvalue())

labels = numpy.arange(10) % 3
numpy.savez_compressed(folder / "classes.npz", x=values("f4", 10, 2, 3), y=labels)
numpy.savez(
    folder / "sequences.npz",
    x_train=values("f4", 4, 5, 2), y_train=values("u1", 4, 5), lengths_train=numpy.array([5, 1, 3, 2]),
    x_test=values("f4", 2, 5, 2), y_test=values("u1", 2, 5), lengths_test=numpy.array([2, 5]),
)
numpy.savez(folder / "values.npz", x=values("f8", 6, 4), y=values("f8", 6, 2))
numpy.savez(folder / "not-a-number.npz", x=numpy.array([[0, 1], [2, numpy.nan]], "f4"), y=labels[:2])
numpy.savez(folder / "mismatch.npz", x=values("f4", 4, 2), y=labels[:3])
numpy.savez(folder / "negative.npz", x=values("f4", 4, 2), y=numpy.array([0, 1, -1, 0]))
numpy.savez(folder / "empty.npz", x=values("f4", 0, 2), y=labels[:0])
