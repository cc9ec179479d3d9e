"""Makes the files in images/: pictures written by Pillow 11.0.0, and what Pillow reads from them.

Usage: python3 make-images.py (NumPy's generator with seed 20; needs Pillow and NumPy)

Each NAME.raw holds the pixels of NAME.png or NAME.jpg as Pillow decodes them, row by row, channels
interleaved; colour-to-HxW.raw those of colour.png resized with BILINEAR, grey-of-colour.raw its luma.
"""

import pathlib

import numpy
from PIL import Image

folder = pathlib.Path(__file__).with_name("images")
folder.mkdir(exist_ok=True)
random = numpy.random.default_rng(20)


def save(name: str, image: Image.Image, mode: str, **options: object) -> None:
    image.save(folder / name, **options)
    pixels = Image.open(folder / name).convert(mode)
    (folder / name).with_suffix(".raw").write_bytes(pixels.tobytes())


# Smooth enough for JPEG, with some noise for the interpolation.
y, x = numpy.mgrid[0:19, 0:23]
smooth = numpy.stack([8 * x + 2 * y, 255 - 9 * y, 5 * x + 6 * y], axis=-1)
colour = Image.fromarray(numpy.clip(smooth + random.integers(-20, 20, smooth.shape), 0, 255).astype("u1"))
grey = Image.fromarray(random.integers(0, 256, (7, 5)).astype("u1"))
save("colour.png", colour, "RGB")
save("grey.png", grey, "L")
save("palette.png", colour.quantize(16), "RGB")
save("bits.png", grey.convert("1"), "L")
save("photo.jpg", Image.fromarray(numpy.clip(smooth, 0, 255).astype("u1")), "RGB", quality=90, subsampling=0)
save("progressive.jpg", Image.fromarray(numpy.clip(smooth, 0, 255).astype("u1")), "RGB", quality=90, progressive=True, subsampling=0)
save("grey-photo.jpg", grey.resize((16, 16)), "L", quality=95)
(folder / "grey-of-colour.raw").write_bytes(colour.convert("L").tobytes())
for height, width in [(8, 6), (31, 40), (19, 7)]:
    resized = colour.resize((width, height), Image.Resampling.BILINEAR)
    (folder / f"colour-to-{height}x{width}.raw").write_bytes(resized.tobytes())
