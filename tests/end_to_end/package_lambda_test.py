#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The package for Lambda, as scripts/package makes it of the build in DYNATLAS_BUILD: it is small, has the same bytes each
time, and runs on a machine that has nothing but Lambda's emulator: libraries, names and certificates included.

Amazon Linux itself is not here: what is known of it (where its certificates are, its nsswitch.conf) is put into the root.
"""

import http.server
import json
import os
import pathlib
import ssl
import tempfile
import threading
import unittest
import urllib.parse
import zipfile

import bare_root
import package_maker
from bare_root import BareRoot, Emulated
from certificates import Authority
from lambda_runtime import element, event
from mongodb_server import MongodbServer, with_database
from name_server import ADDRESS, NameServer, host, service, text
from records import kinesis

BYTES_MAX = 25_000_000
DONE = {"batchItemFailures": []}
AMAZON_CERTIFICATES = "/etc/pki/tls/certs/ca-bundle.crt"
RESOLVER = {
    "/etc/resolv.conf": f"nameserver {ADDRESS}\noptions timeout:1 attempts:1\n",
    # As Amazon Linux 2023 has it: `resolve` is a library that is not there.
    "/etc/nsswitch.conf": "hosts: files resolve [!UNAVAIL=return] myhostname dns\n",
}


class TlsServer(MongodbServer):
    """A MongoDB server with the certificate of db.example.test. It says no names of its own, so that the driver keeps that one."""

    def __init__(self, authority):
        certificate, key = authority.server("db", "DNS:db.example.test", "IP:127.0.0.1")
        super().__init__("--standalone", "--tls-cert-file", str(certificate), "--tls-key-file", str(key), own=True)
        self._authority = authority

    @property
    def server_uri(self):
        return f"mongodb://127.0.0.1:{self._port}/?directConnection=true&tls=true&tlsCAFile={self._authority.file}"


class SecretsManager:
    """AWS Secrets Manager as secretsmanager.example.test with one secret; a context manager."""

    def __init__(self, secret):
        certificate, key = authority.server("secretsmanager", "DNS:secretsmanager.example.test")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        body = json.dumps({"SecretString": secret}).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.variables = {
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": f"https://secretsmanager.example.test:{self._server.server_port}",
        }

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def setUpModule():
    global folder, package, authority, server, client
    folder = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory()))
    package = package_maker.make("lambda_zip.py", folder / "package")
    authority = Authority(folder)
    server = unittest.enterModuleContext(TlsServer(authority))
    client = server.client()
    unittest.addModuleCleanup(client.close)
    names = {
        "db.example.test": [host("127.0.0.1")],
        "secretsmanager.example.test": [host("127.0.0.1")],
        "cluster.example.test": [text("authSource=admin")],
        "_mongodb._tcp.cluster.example.test": [service(server.address[1], "db.example.test")],
    }
    unittest.enterModuleContext(NameServer(names))


class ContentTest(unittest.TestCase):
    def test_it_is_small(self):
        self.assertLessEqual(package.stat().st_size, BYTES_MAX)

    def test_the_same_build_gives_the_same_bytes(self):
        self.assertEqual(package_maker.make("lambda_zip.py", folder / "again").read_bytes(), package.read_bytes())

    def test_it_has_the_licence_of_each_library(self):
        with zipfile.ZipFile(package) as archive:
            names = set(archive.namelist())
            packages = archive.read("licences/packages.txt").decode().splitlines()
        self.assertLessEqual({"LICENSE", "NOTICE", "licences/README", "licences/common-licenses/LGPL-2.1"}, names)
        for line in packages:
            self.assertIn(f"licences/{line.split()[2].split(':')[0]}/copyright", names)
        self.assertLessEqual({"glibc", "mongo-c-driver", "curl", "openssl"}, {line.split()[0] for line in packages})

    def test_it_names_no_folder_of_the_machine_that_built_it(self):
        built_in = str(pathlib.Path(os.environ["DYNATLAS_BUILD"]).resolve().parent.parent).encode()
        with zipfile.ZipFile(package) as archive:
            for name in ("bootstrap", "lib/bootstrap", "lib/dynatlas_mongodb.so", "lib/dynatlas_http.so"):
                self.assertNotIn(built_in, archive.read(name), name)


class BareRootTest(unittest.TestCase):
    def root(self, place="var/task", **files):
        return BareRoot(tempfile.mkdtemp(dir=folder), package, files, place)

    def uri(self, scheme_and_host, *options, user=""):
        query = "&".join(("serverSelectionTimeoutMS=5000", *options))
        return with_database(f"{scheme_and_host.replace('://', '://' + user)}/?{query}", server.database)

    def tls_uri(self, *options, **user):
        return self.uri(f"mongodb://db.example.test:{server.address[1]}", "tls=true", *options, **user)

    def answer(self, root, key, **variables):
        """What the function answers, and the log."""
        with Emulated(root, **variables) as function:
            return function.invoke(event(element(101, kinesis(key, 1)))), function.log()

    def assert_written(self, root, key, **variables):
        answered, log = self.answer(root, key, **variables)
        self.assertEqual(answered, DONE, log)
        self.assertEqual(len(client.documents(server.database, "t", {"_id": key})), 1)

    def test_in_a_folder_of_its_own_a_name_of_the_hosts_file_and_certificates_that_the_uri_names(self):
        # Where a container image has it, and not where a zip is unpacked: any folder will do.
        root = self.root("var/runtime", **{"/etc/hosts": "127.0.0.1 db.example.test\n", "/private.pem": authority.file.read_text()})
        self.assert_written(root, "hosts", MONGODB_URI=self.tls_uri("tlsCAFile=/private.pem"))

    def test_names_and_servers_by_dns_and_certificates_where_amazon_linux_has_them(self):
        root = self.root(**RESOLVER, **{AMAZON_CERTIFICATES: authority.file.read_text()})
        self.assert_written(root, "srv", MONGODB_URI=self.uri("mongodb+srv://cluster.example.test"))

    def test_the_certificates_that_it_carries(self):
        refused, _ = self.answer(self.root(**RESOLVER), "refused", MONGODB_URI=self.tls_uri())
        self.assertEqual(refused["errorType"], "Function.InitFailed")
        self.assertIn("certificate", refused["errorMessage"])
        self.assert_written(self.root_that_carries_the_authority(), "carried", MONGODB_URI=self.tls_uri())

    def test_a_secret_that_has_a_password_to_be_prepared(self):
        # RFC 4013 makes of the Roman numeral the letters.
        client.command("admin", {"createUser": "writer", "pwd": "IX-secret", "roles": [{"role": "root", "db": "admin"}]})
        user = f"writer:{urllib.parse.quote('Ⅸ-secret')}@"
        amazon = self.root(**RESOLVER, **{AMAZON_CERTIFICATES: authority.file.read_text()})
        with SecretsManager(self.tls_uri("authSource=admin", user=user)) as secrets:
            for key, root in (("secret", amazon), ("carried-secret", self.root_that_carries_the_authority())):
                with self.subTest(key):
                    self.assert_written(root, key, MONGODB_URI_SECRET="cdc", **secrets.variables)

    def root_that_carries_the_authority(self):
        """The only one that a test has a certificate of cannot be among those that the package carries."""
        root = self.root(**RESOLVER)
        with open(root.task / "ca-certificates.crt", "a") as carried:
            carried.write(authority.file.read_text())
        return root


if __name__ == "__main__":
    bare_root.go_inside()
    unittest.main()
