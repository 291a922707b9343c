"""changelog.py CHANGELOG.md OUT.gz VERSION CONTACT: the newest chapter as the Debian changelog of the package.

Its time is SOURCE_DATE_EPOCH's, else that of CHANGELOG.md, never that of the packing.
"""

import gzip
import os
import re
import sys
import textwrap
from email.utils import formatdate
from pathlib import Path


def newest_chapter(text):
    """(version, [what changed])"""
    _, heading, *_ = re.split(r"^## ", text, flags=re.MULTILINE)
    first, _, body = heading.partition("\n")
    items = [" ".join(item.split()) for item in re.split(r"^- ", body, flags=re.MULTILINE)[1:]]
    return re.split(r"[,\s]", first)[0], items


def main(source, out, version, contact):
    source = Path(source)
    described, items = newest_chapter(source.read_text(encoding="utf-8"))
    if described != version:
        sys.exit(f"error: {source.name} begins with {described}, the project's version is {version}")
    when = int(os.environ.get("SOURCE_DATE_EPOCH") or source.stat().st_mtime)
    lines = [f"connectd ({version}) unstable; urgency=medium", ""]
    for item in items:
        lines += textwrap.wrap(item, 78, initial_indent="  * ", subsequent_indent="    ",
                               break_long_words=False, break_on_hyphens=False)
    lines += ["", f" -- {contact}  {formatdate(when)}", ""]
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    Path(out).write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))


if __name__ == "__main__":
    main(*sys.argv[1:])
