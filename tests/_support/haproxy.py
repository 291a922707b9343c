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
    """What is delivered, but for the addresses, the user and the place of the map. The file's path."""
    homes = folder / "homes.map"
    homes.touch()
    text = DELIVERED.read_text(encoding="utf-8").replace("/etc/haproxy/homes.map", str(homes))
    text = re.sub(r"^    (user|group) .*\n", "", text, flags=re.MULTILINE)
    text, binds = re.subn(r"^    bind .*$", f"    bind 127.0.0.1:{port}", text, flags=re.MULTILINE)
    lines = re.findall(r"^    server (\S+) \S+ (.*)\n", text, re.MULTILINE)
    assert binds == 1 and [name for name, _ in lines] == [server_name(n) for n in range(3)], lines
    text = re.sub(r"^    server .*\n", "", text, flags=re.MULTILINE)
    text += "".join(f"    server {server_name(n)} 127.0.0.1:{at} {lines[0][1]}\n" for n, at in enumerate(replica_ports))
    file = folder / "haproxy.cfg"
    file.write_text(text, encoding="utf-8")
    return file
