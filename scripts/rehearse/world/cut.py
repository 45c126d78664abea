"""A network that loses answers: a relay before the world that passes a request on and cuts the connection instead of its answer."""

import itertools
import socket
import threading

CHUNK = 65_536


class Relay:
    """Cuts every so manieth answer, counted over all connections."""

    def __init__(self, target_port, every, on_loss=lambda: None):
        self.target_port, self.every, self.on_loss = target_port, every, on_loss
        self.lost = 0
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target_port))
            asked = threading.Event()
            threading.Thread(target=self.requests, args=(client, server, asked), daemon=True).start()
            threading.Thread(target=self.answers, args=(server, client, asked), daemon=True).start()

    def requests(self, client, server, asked):
        while data := read(client):
            asked.set()
            server.sendall(data)
        end(server)

    def answers(self, server, client, asked):
        """An answer begins with the first bytes after a request."""
        while data := read(server):
            if asked.is_set() and not data.startswith(b"HTTP/1.1 100"):
                asked.clear()
                if self.is_lost():
                    break
            client.sendall(data)
        end(client)
        end(server)

    def is_lost(self):
        with self.lock:
            lost = next(self.numbers) % self.every == 0
            self.lost += lost
        if lost:
            self.on_loss()
        return lost

    def stop(self):
        self.listener.close()


def read(connection):
    try:
        return connection.recv(CHUNK)
    except OSError:
        return b""


def end(connection):
    """Both directions, at once: whoever reads on the other side sees the end."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
