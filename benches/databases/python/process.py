"""Start and stop of a server."""

import os
import secrets
import sys
import threading


def announce(address):
    """Prints the address, and ends the process when standard input is closed."""
    host, port = address
    print(f"{host}:{port}", flush=True)

    def wait():
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def new_slug(title):
    words = "".join(c.lower() if c.isascii() and c.isalnum() else "-" for c in title)
    return f"{words}-{secrets.randbits(60)}"
