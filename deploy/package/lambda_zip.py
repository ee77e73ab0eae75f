#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the package for Lambda of a build; scripts/package calls it.

    lambda_zip.py BUILD OUTPUT_FOLDER      SOURCE_DATE_EPOCH=seconds

    bootstrap              the launcher, static
    ca-certificates.crt    Debian's, for a system that has none
    lib/                   ld.so, the real bootstrap, its modules, and all libraries below them
    licences/              of all that is not ours; and LICENSE, NOTICE
"""

import pathlib
import sys
import tempfile
import time
import zipfile

import icu_data
import libraries
import licences
import tools

CERTIFICATES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
MODULES = ("dynatlas_mongodb.so", "dynatlas_http.so")
# Of these only headers or static parts are in the program.
COMPILED_IN = ("libc6-dev", "libexpected-dev", "libfmt-dev", "libgcc-12-dev", "libsimdjson-dev", "libstdc++-12-dev", "ca-certificates")


def programs_into(folder, build):
    tools.copy_stripped(build / "lambda_launcher", folder / "bootstrap", 0o755)
    tools.copy_stripped(build / "bootstrap", folder / "lib" / "bootstrap", 0o755)
    for module in MODULES:
        tools.copy_stripped(build / module, folder / "lib" / module)


def libraries_into(folder, build):
    """The Debian packages that they are of."""
    found = libraries.of(build / "bootstrap", *(build / module for module in MODULES))
    for name, file in found.items():
        if libraries.is_loader(name):
            tools.copy(file, folder / "ld.so", 0o755)
        elif name.startswith("libicudata.so."):
            icu_data.write_small(file, name, folder / name)
        else:
            tools.copy(file, folder / name)
    return licences.owners(found.values())


def unpacked_into(folder, build):
    programs_into(folder, build)
    packages = libraries_into(folder / "lib", build)
    if not CERTIFICATES.exists():
        tools.stop(f"{CERTIFICATES} is missing: install the package ca-certificates")
    tools.copy(CERTIFICATES, folder / "ca-certificates.crt")
    licences.collect(packages | set(COMPILED_IN), folder / "licences")
    for name in ("LICENSE", "NOTICE"):
        tools.copy(tools.ROOT / name, folder / name)


def zipped(folder, output, seconds):
    """The same bytes for the same files: in the order of their names, with one time and without owners."""
    when = time.gmtime(seconds)[:6]
    with zipfile.ZipFile(output, "w") as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to(folder)), when)
            entry.create_system = 3  # Unix, whose modes follow
            is_program = file.stat().st_mode & 0o100
            entry.external_attr = (0o100755 if is_program else 0o100644) << 16
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


def main():
    build, output = map(pathlib.Path, sys.argv[1:])
    output.mkdir(parents=True, exist_ok=True)
    package = output / f"dynatlas-lambda_{tools.version(build)}_{tools.architecture()}.zip"
    with tempfile.TemporaryDirectory() as folder:
        unpacked_into(pathlib.Path(folder), build)
        zipped(pathlib.Path(folder), package, tools.epoch())
    print(package)


if __name__ == "__main__":
    main()
