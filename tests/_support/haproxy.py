"""The load balancer's settings that we deliver (deploy/haproxy), for replicas on this machine.

Needs only the standard library: bench/ uses it too.
"""

import re
from pathlib import Path

DELIVERED = Path(__file__).resolve().parents[2] / "deploy" / "haproxy" / "haproxy.cfg"
HAPROXY = "/usr/sbin/haproxy"


def server_name(number):
    """Of the replica with that number, from 0."""
    return f"connectd-{number + 1}"


def write_settings(folder, port, replica_ports):
    """What is delivered, but for the addresses, the user and the root. The file's path."""
    text = DELIVERED.read_text(encoding="utf-8")
    text = re.sub(r"^    (user|group|chroot) .*\n", "", text, flags=re.MULTILINE)
    text, binds = re.subn(r"^    bind .*$", f"    bind 127.0.0.1:{port}", text, flags=re.MULTILINE)
    names = re.findall(r"^    server (\S+) \S+$", text, re.MULTILINE)
    assert binds == 1 and names == [server_name(n) for n in range(3)], names
    text = re.sub(r"^    server .*\n", "", text, flags=re.MULTILINE)
    text += "".join(f"    server {server_name(n)} 127.0.0.1:{at}\n" for n, at in enumerate(replica_ports))
    file = folder / "haproxy.cfg"
    file.write_text(text, encoding="utf-8")
    return file
