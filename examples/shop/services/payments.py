"""The till again, in Python's standard library: for a test that shows that any language can join.

POST /charge {"order", "cents"} -> a receipt.
"""
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Till(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path != "/charge":
            return self.answer(404, {"error": "not found"})
        charge = json.loads(text)
        self.answer(200, {"receipt": "r-" + charge["order"], "order": charge["order"], "cents": charge["cents"]})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Till).serve_forever()
