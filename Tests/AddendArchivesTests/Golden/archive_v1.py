"""Writes the archive of `goldenArchiveIsReadAndWritten`, from docs/archive-format.md alone.

Prints its bytes in hexadecimal, 32 a line. Python's standard library, any version from 3.8.
"""

import struct
import zlib


def section(position, kind, name, element, shape, payload):
    element, name = element.encode(), name.encode()
    end = position + 28 + 8 * len(shape) + len(element) + len(name)
    count = (end + 63) // 64 * 64 - position
    header = struct.pack(
        "<IBBBBHHIQ", count, kind, len(shape), len(element), 0, len(name), 0,
        zlib.crc32(payload), len(payload))
    header += struct.pack(f"<{len(shape)}Q", *shape) + element + name
    header += bytes(count - 4 - len(header))
    return header + struct.pack("<I", zlib.crc32(header)), payload


def archive(sections):
    start = b"\x89ADDN\r\n\x1a" + struct.pack("<I", 1)
    data = start + struct.pack("<I", zlib.crc32(start))
    checksums = b""
    for fields in sections:
        header, payload = section(len(data), *fields)
        checksums += header[-4:]
        data += header + payload
    marker = struct.pack("<III", 0, len(sections), zlib.crc32(checksums))
    return data + marker + struct.pack("<I", zlib.crc32(marker))


data = archive([
    (1, "about", "json", [7], b'{"a":1}'),
    (2, "w", "float32", [2, 2], struct.pack("<4f", 1.5, -2.0, 0.0, 3.25)),
    (3, "d", "float64", [], struct.pack("<d", -0.1)),
    (4, "codes", "uint4", [3], bytes([0x21, 0x0F])),
    (4, "i", "int16", [2], struct.pack("<2h", -2, 300)),
    (5, "blob", "uint8", [0], b""),
])
text = data.hex()
for start in range(0, len(text), 64):
    print(text[start:start + 64])
