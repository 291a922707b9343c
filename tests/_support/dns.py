"""A server of the domain name system that knows TXT records and nothing else. On a free port of 127.0.0.1."""

import socket
import struct
import threading

TXT, NO_SUCH_NAME = 16, 3


class DnsServer:
    def __init__(self):
        self.records = {}  # name: texts
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def place(self):
        return "{}:{}".format(*self._socket.getsockname())

    def prove(self, owner, domain):
        """That it is the workspace's."""
        claimed = owner.post("/v1/sso/domains", {"domain": domain})
        assert claimed.status == 201, claimed
        record = claimed.json()["record"]
        self.records[record["name"]] = [record["value"]]
        verified = owner.post(f"/v1/sso/domains/{domain}/verify")
        assert verified.json()["status"] == "verified", verified

    def close(self):
        self._socket.close()

    def _serve(self):
        while True:
            try:
                question, client = self._socket.recvfrom(512)
            except OSError:
                return
            self._socket.sendto(self._answer(question), client)

    def _answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        texts = self.records.get(".".join(labels).lower(), [])
        answers = b""
        for text in texts:
            data = bytes([len(text)]) + text.encode()
            answers += struct.pack(">HHHIH", 0xC00C, TXT, 1, 60, len(data)) + data
        flags = 0x8180 | (0 if texts else NO_SUCH_NAME)
        return question[:2] + struct.pack(">HHHHH", flags, 1, len(texts), 0, 0) + question[12:at + 5] + answers
