#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the Debian package of a build; scripts/package calls it.

    debian.py BUILD OUTPUT_FOLDER      SOURCE_DATE_EPOCH=seconds

The program and its modules lie as `cmake --install` puts them, below /usr. What they depend on is what dpkg-shlibdeps
finds in them, with the versions of the symbols that they use.
"""

import email.utils
import gzip
import hashlib
import os
import pathlib
import re
import sys
import tempfile

import licences
import tools

REVISION = 1
MAINTAINER = "The dynatlas authors <noreply@dynatlas.invalid>"
COMPILED_IN = ("libcli11-dev", "libexpected-dev", "libfmt-dev", "libsimdjson-dev")
SOURCES = tools.ROOT / "deploy" / "debian"

CONTROL = """Package: dynatlas
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {kibibytes}
Depends: {depends}
Recommends: ca-certificates
Section: database
Priority: optional
Description: keep MongoDB equal to Amazon DynamoDB tables
 Converts DynamoDB items and changes, in every form that Kinesis, DynamoDB
 Streams, Lambda and S3 exports deliver, to MongoDB documents and back, and
 applies them so that each document ends as its newest version, whatever is
 repeated, late or out of order.
"""

CHANGELOG = """dynatlas ({version}) unstable; urgency=medium

  * See changelog.gz.

 -- {maintainer}  {date}
"""


def installed(build, usr):
    """The program and its modules."""
    tools.run("cmake", "--install", build, "--prefix", usr)
    programs = [usr / "bin" / "dynatlas", *sorted((usr / "lib" / "dynatlas").glob("*.so"))]
    for program in programs:
        tools.copy_stripped(program, program, 0o755 if program.parent.name == "bin" else 0o644)
    return programs


def compressed(text, file):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def documents(usr, version, seconds):
    doc = usr / "share" / "doc" / "dynatlas"
    (doc / "LICENSE").unlink()  # `copyright` says where Debian has it
    compressed((doc / "CHANGELOG.md").read_text(), doc / "changelog.gz")
    (doc / "CHANGELOG.md").unlink()
    date = email.utils.formatdate(seconds)
    compressed(CHANGELOG.format(version=version, maintainer=MAINTAINER, date=date), doc / "changelog.Debian.gz")
    texts = [(SOURCES / "copyright").read_text()]
    texts += [f"\n\n{'-' * 78}\n{package}\n\n{licences.text(package)}" for package in COMPILED_IN]
    (doc / "copyright").write_text("".join(texts))
    for page in sorted((tools.ROOT / "docs").glob("*.md")):
        tools.copy(page, doc / "docs" / page.name)
    manual = (SOURCES / "dynatlas.1").read_text().replace("@VERSION@", version)
    compressed(manual, usr / "share" / "man" / "man1" / "dynatlas.1.gz")


def depends(programs):
    with tempfile.TemporaryDirectory() as folder:
        control = pathlib.Path(folder) / "debian" / "control"  # which it insists on
        control.parent.mkdir()
        control.write_text("Source: dynatlas\n\nPackage: dynatlas\nArchitecture: any\n")
        given = [word for program in programs for word in ("-e", program.resolve())]
        printed = tools.run("dpkg-shlibdeps", "-O", *given, folder=folder)
    return re.search(r"^shlibs:Depends=(.+)$", printed, re.MULTILINE)[1]


def control(root, **fields):
    files = sorted(path for path in root.rglob("*") if path.is_file())
    folder = root / "DEBIAN"
    folder.mkdir()
    sums = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(root)}\n" for path in files]
    (folder / "md5sums").write_text("".join(sums))
    kibibytes = sum(-(-path.stat().st_size // 1024) for path in files)
    (folder / "control").write_text(CONTROL.format(maintainer=MAINTAINER, kibibytes=kibibytes, **fields))


def same_each_time(root, seconds):
    """Modes and times that do not depend on who builds, and when."""
    for path in [root, *root.rglob("*")]:
        is_program = path.is_dir() or path.parent.name == "bin"
        path.chmod(0o755 if is_program else 0o644)
        os.utime(path, (seconds, seconds))


def main():
    build, output = map(pathlib.Path, sys.argv[1:])
    output.mkdir(parents=True, exist_ok=True)
    version, architecture, seconds = f"{tools.version(build)}-{REVISION}", tools.architecture(), tools.epoch()
    package = output / f"dynatlas_{version}_{architecture}.deb"
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder) / "root"
        programs = installed(build, root / "usr")
        documents(root / "usr", version, seconds)
        control(root, version=version, architecture=architecture, depends=depends(programs))
        same_each_time(root, seconds)
        # With several threads xz makes other bytes than with one.
        tools.run("dpkg-deb", "--root-owner-group", "--threads-max=1", "-Zxz", "--build", root, package)
    print(package)


if __name__ == "__main__":
    main()
