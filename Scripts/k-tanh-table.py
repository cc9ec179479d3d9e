#!/usr/bin/env python3
"""Fits the table of K-TanH over all bfloat16 numbers and writes it as a C header.

Usage: Scripts/k-tanh-table.py > Sources/CAddendKernels/addend_ktanh_table.h
       Scripts/k-tanh-table.py --check     (fails where the header is not what a fit gives)
       Scripts/k-tanh-table.py --compare   (the fit beside the published table)

K-TanH (Kundu et al., "K-TanH: Efficient TanH for Deep Learning", 2019): for a bfloat16
number with the exponent bits e and the mantissa bits M, and 1/4 <= |x| <= 15/4, the row t of a table,
t being the two low bits of e followed by the three high bits of M, says

    exponent bits = E[t],   mantissa bits = (M >> r[t]) + b[t],   sign kept.

Every (E, r, b) of every row is tried on the 16 numbers that the row serves. Of the tables whose largest
error is the smallest that any table has, and that never fall where x grows, the one with the smallest
sum of squared errors is chosen; of equal rows the one with the smallest (E, r, b).
"""
import math
import struct
import sys
from pathlib import Path

HEADER = Path(__file__).resolve().parent.parent / "Sources/CAddendKernels/addend_ktanh_table.h"
LEAST, MOST = 0x3E80, 0x4070  # 1/4 and 15/4
ONE = 0x3F80
# In which order x grows through the rows: exponents 125 to 128, eight rows each.
ROWS = [(exponent, high) for exponent in (125, 126, 127, 128) for high in range(8)]
# Sums are compared to 12 decimals, so that another C library's tanh gives the same table.
DECIMALS = 12

PUBLISHED = {
    125: [(125, 1, 1), (125, 0, -4), (125, 0, -6), (125, 0, -7), (125, 0, -10), (125, 0, -12),
          (125, 0, -15), (125, 0, -18)],
    126: [(125, 0, 112), (126, 1, -4), (126, 1, -1), (126, 1, 2), (126, 1, 3), (126, 1, 4),
          (126, 1, 4), (126, 1, 4)],
    127: [(126, 0, 65), (126, 1, 72), (126, 1, 73), (126, 1, 73), (126, 2, 88), (126, 2, 89),
          (126, 2, 89), (126, 4, 110)],
    128: [(126, 2, 119), (126, 4, 122), (126, 4, 123), (126, 4, 123), (126, 6, 126), (126, 6, 126),
          (126, 6, 126), (126, 6, 126)],
}


def number(bits):
    """The bfloat16 number with these bits."""
    return struct.unpack("<f", struct.pack("<I", bits << 16))[0]


def served(exponent, high):
    """The bits of the numbers that a row serves."""
    first = exponent << 7 | high << 4
    return [bits for bits in range(first, first + 16) if bits <= MOST]


def outputs(entry, exponent, high):
    """What an entry makes of its row's numbers; None where a mantissa leaves its 7 bits."""
    e, r, b = entry
    mantissas = [((bits & 127) >> r) + b for bits in served(exponent, high)]
    if min(mantissas) < 0 or max(mantissas) > 127:
        return None
    return [e << 7 | mantissa for mantissa in mantissas]


def errors(results, exponent, high):
    """The largest error of a row and the sum of its squares."""
    differences = [number(y) - math.tanh(number(x))
                   for x, y in zip(served(exponent, high), results)]
    return max(map(abs, differences)), sum(d * d for d in differences)


def candidates(exponent, high):
    """Every entry whose mantissas fit, once for each sequence of outputs: (errors, outputs, entry)."""
    found = {}
    for e in range(124, 128):
        for r in range(8):
            for b in range(-128, 128):
                results = outputs((e, r, b), exponent, high)
                if results is not None and max(results) <= ONE:
                    found.setdefault(tuple(results), (e, r, b))
    return [(errors(results, exponent, high), results, entry) for results, entry in found.items()]


def fit():
    """The chosen entries in the order of ROWS, and the largest error that cannot be avoided."""
    rows = [candidates(*row) for row in ROWS]
    limit = max(min(worst for (worst, _), _, _ in row) for row in rows) + 10 ** -DECIMALS
    # For each last output so far, the best way there: (sum of squares, entries).
    ways = {number_below(LEAST): (0.0, [])}
    for row in rows:
        reached = {}
        for last, (total, entries) in ways.items():
            for (worst, squares), results, entry in row:
                if worst > limit or results[0] < last:
                    continue
                way = (round(total + squares, DECIMALS), entries + [entry])
                if results[-1] not in reached or way < reached[results[-1]]:
                    reached[results[-1]] = way
        ways = reached
    return min(ways.values())[1]


def number_below(bits):
    """Below 1/4 K-TanH is the identity, so that is its output just before the table begins."""
    return bits - 1


def report(name, entries):
    """Largest error, root of the mean square over the table's numbers, and where y falls."""
    results = {}
    for row, entry in zip(ROWS, entries):
        results.update(zip(served(*row), outputs(entry, *row)))
    results[number_below(LEAST)] = number_below(LEAST)
    differences = [number(y) - math.tanh(number(x)) for x, y in results.items()]
    root = math.sqrt(sum(d * d for d in differences) / len(differences))
    worst = max(results, key=lambda x: abs(number(results[x]) - math.tanh(number(x))))
    falls = [number(x) for x in sorted(results) if results[x] < results.get(x - 1, 0)]
    print(f"{name}: largest error {max(map(abs, differences)):.3e} at {number(worst)}, "
          f"root mean square {root:.3e}, falls at {falls or 'no number'}")


def header(entries):
    # Rows are stored by t, whose exponent bits count 128 as 0.
    stored = [entry for _, entry in sorted(zip(ROWS, entries), key=lambda p: (p[0][0] & 3, p[0][1]))]
    firsts = [(e << 7) + b + ((t % 8 << 4) >> r) for t, (e, r, b) in enumerate(stored)]
    origin = min(firsts)
    assert max(firsts) - origin < 256
    offsets = [first - origin for first in firsts]
    shifts = [min(r, 4) for _, r, _ in stored]

    def lines(values, a_line):
        texts = [str(value) for value in values]
        return "\n".join("  " + ", ".join(texts[i:i + a_line]) + ","
                         for i in range(0, len(texts), a_line))

    triples = lines([f"{{{e}, {r}, {b}}}" for e, r, b in stored], 4)
    return f"""// Made by Scripts/k-tanh-table.py, which says how; do not edit.
#ifndef ADDEND_KTANH_TABLE_H
#define ADDEND_KTANH_TABLE_H
#include <stdint.h>

enum {{
  addend_ktanh_least = 0x{LEAST:04X},   // 1/4: below, y = x
  addend_ktanh_most = 0x{MOST:04X},    // 15/4: above, y = 1
  addend_ktanh_origin = 0x{origin:04X},  // the smallest first output of a row
}};

/// E, r and b of row t.
static const struct {{
  uint8_t exponent, shift;
  int8_t offset;
}} addend_ktanh_rows[32] = {{
{triples}
}};

// The same for look-ups of bytes: with the mantissa's lower bits L, y = origin + firsts[t] +
// (L >> shifts[t]).
#define ADDEND_KTANH_FIRSTS \\
{lines(offsets, 16).replace(chr(10), " " + chr(92) + chr(10)).rstrip(",")}
#define ADDEND_KTANH_SHIFTS \\
{lines(shifts, 16).replace(chr(10), " " + chr(92) + chr(10)).rstrip(",")}
#endif
"""


def main():
    entries = fit()
    if sys.argv[1:] == ["--compare"]:
        report("published", [PUBLISHED[exponent][high] for exponent, high in ROWS])
        report("fitted", entries)
    elif sys.argv[1:] == ["--check"]:
        if HEADER.read_text() != header(entries):
            sys.exit(f"{HEADER} is not what Scripts/k-tanh-table.py writes")
    else:
        sys.stdout.write(header(entries))


main()
