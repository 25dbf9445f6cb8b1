#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""tool_https_server.py DIR [CERTIFICATE]: serve files, over TLS with a certificate. Prints its port, then each path that
was asked for, and "refused" for a client that ends the handshake. /to?URL redirects to URL."""
import functools
import http.server
import ssl
import sys


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        print(self.path, flush=True)
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    tls = None

    def get_request(self):
        client, address = super().get_request()
        try:
            return (self.tls.wrap_socket(client, server_side=True) if self.tls else client), address
        except OSError:
            print("refused", flush=True)
            raise

    def handle_error(self, *_):
        pass


def main(folder, certificate=None):
    server = Server(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    if certificate:
        server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.tls.load_cert_chain(certificate)
    print(server.server_address[1], flush=True)
    server.serve_forever()


main(*sys.argv[1:])
