"""Makes digits.bin.gz from the digits.csv.gz of scikit-learn 1.9.1 (sklearn/datasets/data).

Usage: python3 make-digits.py digits.csv.gz
"""

import gzip
import pathlib
import sys

with gzip.open(sys.argv[1], "rt") as text:
    rows = [[int(value) for value in line.split(",")] for line in text]
assert len(rows) == 1797 and all(len(row) == 65 for row in rows)
content = bytes(v for row in rows for v in row[:64]) + bytes(row[64] for row in rows)
pathlib.Path(__file__).with_name("digits.bin.gz").write_bytes(
    gzip.compress(content, compresslevel=9, mtime=0)
)
