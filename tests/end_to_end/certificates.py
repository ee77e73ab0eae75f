# SPDX-License-Identifier: Apache-2.0
"""An authority of a test's own, and a server's certificate by it."""

import subprocess

_NEW = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]


class Authority:
    """Its certificate lies in `file`."""

    def __init__(self, folder):
        self._folder = folder
        self.file, self._key = folder / "authority.pem", folder / "authority-key.pem"
        self._make("-subj", "/CN=authority", "-out", self.file, "-keyout", self._key)

    def server(self, name, *alternatives):
        """(certificate, key) of a server; alternatives such as DNS:*.example.test or IP:127.0.0.1."""
        certificate, key = self._folder / f"{name}.pem", self._folder / f"{name}-key.pem"
        extension = f"subjectAltName={','.join(alternatives)}"
        self._make("-CA", self.file, "-CAkey", self._key, "-subj", f"/CN={name}", "-addext", extension,
                   "-addext", "basicConstraints=critical,CA:FALSE", "-out", certificate, "-keyout", key)  # fmt: skip
        return certificate, key

    def _make(self, *options):
        subprocess.run([*_NEW, *map(str, options)], check=True, capture_output=True)
