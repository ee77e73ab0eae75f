# SPDX-License-Identifier: Apache-2.0
"""The shared libraries below a program."""

import pathlib
import re

import tools


def of(*programs):
    """{name that the loader asks for: file}, of all that these programs and modules need, and the loader itself.

    They are the system's: what ldd prints for a program that was built here.
    """
    found = {}
    for program in programs:
        for line in tools.run("ldd", program).splitlines():
            if "not found" in line:
                tools.stop(f"{program} needs a library that is missing here: {line.strip()}")
            named = re.fullmatch(r"\s*(?:(\S+) => )?(/\S+) \(0x[0-9a-f]+\)", line)
            if named:  # what the kernel maps into each process has no file
                found[named[1] or pathlib.Path(named[2]).name] = pathlib.Path(named[2]).resolve()
    return found


def is_loader(name):
    return name.startswith("ld-linux-")


def link_data(symbol, data, name, output):
    """A shared library of that name with nothing but these bytes, read-only, under one symbol."""
    binary, source = output.with_suffix(".bin"), output.with_suffix(".s")
    binary.write_bytes(data)
    source.write_text(
        f'.section .rodata,"a"\n.balign 16\n.globl {symbol}\n.type {symbol}, %object\n.size {symbol}, {len(data)}\n'
        f'{symbol}:\n.incbin "{binary.name}"\n.section .note.GNU-stack,"",%progbits\n'
    )
    command = ["g++", "-shared", "-nostdlib", "-s", "-Wl,--build-id=none", f"-Wl,-soname,{name}", "-o", output.name, source.name]
    tools.run(*command, folder=output.parent)
    binary.unlink()
    source.unlink()
