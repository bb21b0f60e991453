"""A mail server of a few lines, on loopback: it answers as a test tells it, and keeps mails."""

import socketserver
import threading
from contextlib import contextmanager
from email import message_from_bytes, policy


class Server(socketserver.ThreadingTCPServer):
    """``answers`` maps a verb (or ``body`` for what follows DATA) to a line to answer with."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Talk)
        self.answers = {}
        self.mails = []
        self.envelopes = []

    @property
    def port(self):
        return self.server_address[1]


class _Talk(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say(self.server.answers.get("greeting", "220 ready"))
        envelope = []
        for raw in self.rfile:
            line = raw.decode().strip()
            verb = line[:4].upper()
            if verb in ("MAIL", "RCPT"):
                envelope.append(line)
            if verb == "QUIT":
                return self.say("221 bye")
            if verb == "DATA" and "DATA" not in self.server.answers:
                self.say("354 go on")
                self.take(envelope)
                envelope = []
            else:
                self.say(self.server.answers.get(verb, "250 fine"))

    def take(self, envelope):
        body = b""
        for raw in self.rfile:
            if raw == b".\r\n":
                break
            body += raw.removeprefix(b".") if raw.startswith(b"..") else raw
        answer = self.server.answers.get("body", "250 kept")
        if answer.startswith("250"):
            self.server.mails.append(message_from_bytes(body, policy=policy.default))
            self.server.envelopes.append(envelope)
        self.say(answer)


@contextmanager
def mail_server(settings):
    """A running server that Django's SMTP backend sends to."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
