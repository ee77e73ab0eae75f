# SPDX-License-Identifier: Apache-2.0
"""ICU's data with only that part which libmongoc needs.

libmongoc prepares passwords that are not ASCII by ICU (RFC 4013), for which 80 kB of ICU's 31 MB are used: a package would be
twice as large with all of it. Source of the format: ICU, common/ucmndata.h and common/unicode/udata.h.

    library   ELF, of which one symbol, icudtNN_dat, is the data
    data      header entries names items          each of the items begins at a multiple of 16
    header    u16 size of the header, 0xda 0x27, u16 .., isBigEndian, .., "CmnD", ..
    entries   u32 count, then for each: u32 name, u32 item     both from the beginning of the entries; ascending by name
"""

import re
import struct

import libraries
import tools

# The profile of RFC 4013, and the tables of the normalization NFKC that it asks for.
USED = ("rfc4013.spp", "nfkc.nrm")
ALIGNMENT = 16


def of_library(file):
    """(symbol, bytes) of ICU's data library."""
    found = re.search(
        r"\.rodata\s+PROGBITS\s+([0-9a-f]+)\s+([0-9a-f]+)", tools.run("readelf", "--sections", "--wide", file)
    )
    symbol = re.search(
        r":\s+([0-9a-f]+)\s+(\w+)\s+OBJECT\s+GLOBAL\s+DEFAULT\s+\d+\s+(icudt\d+_dat)$",
        tools.run("readelf", "--dyn-syms", "--wide", file),
        re.MULTILINE,
    )
    if not found or not symbol:
        return tools.stop(f"{file} is no data library of ICU")
    begin = int(found[2], 16) + int(symbol[1], 16) - int(found[1], 16)
    return symbol[3], file.read_bytes()[begin : begin + int(symbol[2], 0)]


def items(data):
    """The header, and {name: item}."""
    header, magic = struct.unpack_from("<H2s", data)
    if magic != b"\xda\x27" or data[12:16] != b"CmnD" or data[8] != 0:
        return tools.stop("ICU's data has another format than the one that is known")
    rest = data[header:]
    (count,) = struct.unpack_from("<I", rest)
    entries = [struct.unpack_from("<II", rest, 4 + 8 * place) for place in range(count)]
    ends = [begin for _, begin in entries[1:]] + [len(rest)]
    return data[:header], {
        rest[name : rest.index(b"\0", name)].decode(): rest[begin:end] for (name, begin), end in zip(entries, ends)
    }


def joined(header, kept):
    names, places = b"", []
    names_begin = 4 + 8 * len(kept)
    for name in sorted(kept):
        places.append(names_begin + len(names))
        names += name.encode() + b"\0"
    packed, entries = b"", struct.pack("<I", len(kept))
    items_begin = -(-(names_begin + len(names)) // ALIGNMENT) * ALIGNMENT
    for place, name in zip(places, sorted(kept)):
        entries += struct.pack("<II", place, items_begin + len(packed))
        packed += kept[name] + b"\0" * (-len(kept[name]) % ALIGNMENT)
    return header + (entries + names).ljust(items_begin, b"\0") + packed


def write_small(file, name, output):
    """Makes from ICU's data library one of the same name for the loader, with what is used."""
    symbol, data = of_library(file)
    header, everything = items(data)
    kept = {item: content for item, content in everything.items() if item.split("/", 1)[-1] in USED}
    if len(kept) != len(USED):
        tools.stop(f"{file} lacks some of {', '.join(USED)}")
    libraries.link_data(symbol, joined(header, kept), name, output)
