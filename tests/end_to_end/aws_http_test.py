# SPDX-License-Identifier: Apache-2.0
"""The HTTP client on libcurl, against servers that are slow, cut answers, redirect, or are not who they say."""

import http.server
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import aws_driver
import program

HUSH = "HUSH-4711"  # must never come back in an error


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.seen.append((self.command, self.path, self.headers.items(), body, self.client_address))
        self.server.answer(self)

    do_POST = do_PUT = do_HEAD = do_DELETE = do_GET

    def log_message(self, *_):
        pass


def reply(status=200, body=b"{}", headers=()):
    def answer(handler):
        handler.send_response(status)
        for name, value in (("Content-Length", str(len(body))), *headers):
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    return answer


def cut(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    handler.close_connection = True


def endless_headers(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: " + b"x" * 90_000 + b"\r\n")
    for _ in range(4):
        handler.wfile.write(b"X-Filler: " + b"x" * 90_000 + b"\r\n")
    handler.close_connection = True


class AwsHttpTest(unittest.TestCase):
    def serve(self, answer, context=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.seen, server.answer = [], answer
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        server.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
        return server

    def driver(self, by=(), **variables):
        environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        driver = aws_driver.Driver({**environment, **variables}, by)
        self.addCleanup(driver.close)
        return driver

    def send(self, driver, url, **task):
        return driver.ask(do="send", **{"method": "GET", "url": url, "headers": [], "body": "", **task})

    def expect_error(self, result, retry, part):
        self.assertIn("error", result)
        self.assertIn(part, result["error"])
        self.assertEqual(result["retry"], retry, result)
        self.assertNotIn(HUSH, result["error"])
        self.assertNotIn("\n", result["error"])

    def test_sends_exactly_what_was_signed_over_one_connection(self):
        server = self.serve(reply(headers=[("Date2", "a: b"), ("X-Empty", "")]))
        driver = self.driver()
        path = "/a/../b//c%20d?b=1&a=%2F"
        headers = [["Host", "kinesis.local"], ["X-Amz-Empty", ""], ["X-Amz-Date", "20231114T221320Z"]]
        result = self.send(driver, server.url + path, method="POST", body='{"ä":1}', headers=headers)
        self.assertEqual((result["status"], result["body"]), (200, "{}"))
        self.assertIn(["Date2", "a: b"], result["headers"])
        self.assertIn(["X-Empty", ""], result["headers"])
        self.send(driver, server.url, method="PUT")
        self.send(driver, server.url + "/x", method="HEAD")
        post, put, head = server.seen
        self.assertEqual(post[:2], ("POST", path))
        self.assertEqual(post[3], '{"ä":1}'.encode())
        sent = dict(post[2])
        self.assertEqual(sent.pop("Content-Length"), "8")
        self.assertEqual(sent.pop("Accept"), "*/*")
        self.assertEqual(sent, dict(headers))
        self.assertEqual(dict(put[2])["Content-Length"], "0")
        self.assertEqual(head[0], "HEAD")
        self.assertEqual(len({seen[4] for seen in server.seen}), 1)

    def test_returns_whatever_status_and_follows_no_redirect(self):
        server = self.serve(reply(302, b"moved", [("Location", "/elsewhere")]))
        result = self.send(self.driver(), server.url)
        self.assertEqual((result["status"], result["body"]), (302, "moved"))
        self.assertEqual(len(server.seen), 1)
        server.answer = reply(500, b"no")
        self.assertEqual(self.send(self.driver(), server.url)["status"], 500)

    def test_what_may_pass_is_retry(self):
        driver = self.driver()
        self.expect_error(self.send(driver, self.serve(cut).url + f"/{HUSH}"), True, "did not answer")
        with socket.create_server(("127.0.0.1", 0)) as silent:
            began = time.monotonic()
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/{HUSH}?{HUSH}"
            result = self.send(driver, url, end_within=200, headers=[["Authorization", HUSH]])
            self.expect_error(result, True, "did not answer: ")
            self.assertLess(time.monotonic() - began, 30)
        self.expect_error(self.send(driver, f"{url}"), True, "did not answer: ")  # nobody listens any more
        self.expect_error(self.send(driver, "http://name.invalid/"), True, "name.invalid did not answer: ")

    def test_a_silent_name_server_has_no_more_time_than_others(self):
        driver = self.driver(by=[sys.executable, pathlib.Path(__file__).with_name("silent_names.py")])
        self.send(driver, HUSH)  # it runs
        began = time.monotonic()
        result = self.send(driver, f"http://name.example.com/{HUSH}", end_within=500)
        self.expect_error(result, True, "name.example.com did not answer: ")
        took = time.monotonic() - began
        self.assertGreater(took, 0.4)
        self.assertLess(took, 4)  # the resolver asks for 5 s, twice

    def test_what_will_not_pass_is_fatal(self):
        driver = self.driver()
        large = self.serve(reply(body=b"x" * 1001))
        self.expect_error(self.send(driver, large.url, body_bytes_max=1000), False, "answered with more than 1000 bytes")
        self.assertEqual(len(self.send(driver, large.url, body_bytes_max=1001)["body"]), 1001)
        self.assertEqual(self.send(driver, self.serve(endless_headers).url)["retry"], False)
        for url in (f"http://user:{HUSH}@127.0.0.1/", f"file:///etc/{HUSH}", f"http://127.0.0.1/ {HUSH}", HUSH):
            self.expect_error(self.send(driver, url), False, "a URL of a request cannot be used")
        for header in (["X-A", f"{HUSH}\r\nX-B: 1"], [f"X-A: {HUSH}", "1"], ["", HUSH]):
            self.expect_error(self.send(driver, large.url, headers=[header]), False, "a header of an HTTP request")

    def test_goes_by_the_proxy_but_for_what_is_direct(self):
        proxy, server = self.serve(reply(body=b"proxy")), self.serve(reply(body=b"server"))
        driver = self.driver(http_proxy=proxy.url, NO_PROXY="localhost")
        self.assertEqual(self.send(driver, "http://name.invalid/a")["body"], "proxy")
        self.assertEqual(proxy.seen[0][1], "http://name.invalid/a")
        self.assertEqual(self.send(driver, server.url)["body"], "proxy")
        self.assertEqual(self.send(driver, server.url, direct=True)["body"], "server")
        self.assertEqual(self.send(driver, server.url.replace("127.0.0.1", "localhost"))["body"], "server")

    def test_trusts_only_who_is_vouched_for(self):
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = f"{folder}/key.pem", f"{folder}/certificate.pem"
            command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
            command += ["-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
            subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            server = self.serve(reply(), context)
            driver = self.driver()
            self.assertEqual(self.send(driver, server.url, ca_file=certificate)["status"], 200)
            self.expect_error(self.send(driver, server.url), False, "AWS_CA_BUNDLE")
            other_name = server.url.replace("127.0.0.1", "localhost")
            self.expect_error(self.send(driver, other_name, ca_file=certificate), False, "a certificate that is not trusted here")
            self.expect_error(self.send(driver, server.url, ca_file=f"{folder}/none"), False, "/none cannot be read")
            self.expect_error(self.send(driver, server.url, ca_file=key), False, "AWS_CA_BUNDLE")

    def test_libcurl_is_not_loaded_by_the_program_itself(self):
        libraries = subprocess.run(["ldd", program.path()], capture_output=True, check=True, text=True).stdout
        self.assertNotIn("curl", libraries)


if __name__ == "__main__":
    unittest.main()
