# SPDX-License-Identifier: Apache-2.0
"""The licences of Debian's files that a package carries, and the versions that their sources can be had of."""

import pathlib
import re

import tools

COMMON = pathlib.Path("/usr/share/common-licenses")
FORMAT = "${source:Package} ${source:Version} ${binary:Package} ${Version}\n"

README = """The files in lib/, but for bootstrap and dynatlas_*.so, ca-certificates.crt and parts of bootstrap are Debian 12's. packages.txt has
a line for each of Debian's binary packages that they are of: source package, its version, binary package, its version.
The folder of that name has its licences; common-licenses/ has the texts that they refer to.

They are as Debian compiled them, but for libicudata.so, of whose data only the part that is used is there. Their source is
in Debian's archive of all its past packages, under the source package and its version. To use another build of a library, replace its file in lib/.
"""


def _names(file):
    """Debian 12 has /lib as a link to /usr/lib, and dpkg knows some files by the one and some by the other name."""
    real = file.resolve()
    return {str(real), str(pathlib.Path("/", *real.parts[2:]))} if real.parts[1] == "usr" else {str(real)}


def owners(files):
    """The Debian packages that the files are of."""
    names = {file: _names(file) for file in files}
    # It fails where it does not know one of them, as always one of two names; what it knows it prints all the same.
    printed = tools.printed("dpkg-query", "--search", *sorted(set().union(*names.values())))
    known = {path: package.split(":")[0] for package, path in (line.rsplit(": ", 1) for line in printed.splitlines())}
    for file in files:
        if not names[file] & known.keys():
            tools.stop(f"{file} is of no Debian package: its licence is not known")
    return {known[name] for found in names.values() for name in found & known.keys()}


def text(package):
    """Its licences; some packages share the folder of another one."""
    return (pathlib.Path("/usr/share/doc") / package / "copyright").resolve().read_text()


def _referred(texts):
    """The files of common-licenses that the texts name."""
    named = {name.rstrip(".") for licence in texts for name in re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.+-]+)", licence)}
    return sorted(name for name in named if (COMMON / name).exists())


def collect(packages, folder):
    """Writes the licences of these packages into the folder."""
    packages = sorted(packages)
    texts = {package: text(package) for package in packages}
    folder.mkdir(parents=True)
    for package, licence in texts.items():
        (folder / package).mkdir()
        (folder / package / "copyright").write_text(licence)
    for name in _referred(texts.values()):
        tools.copy(COMMON / name, folder / "common-licenses" / name)
    lines = tools.run("dpkg-query", "--show", f"--showformat={FORMAT}", *packages).splitlines()
    (folder / "packages.txt").write_text("\n".join(sorted(set(lines))) + "\n")
    (folder / "README").write_text(README)
