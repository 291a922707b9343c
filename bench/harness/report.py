"""Medians, tables, and the files under results/."""

import json
import os
import platform
import statistics
import subprocess
from datetime import date
from pathlib import Path

from .paths import BUILD, REPO, RESULTS


def medians(rounds: list[dict]) -> dict:
    """Key -> median over the rounds that have it."""
    keys = dict.fromkeys(key for each in rounds for key in each)
    return {key: statistics.median([each[key] for each in rounds if key in each]) for key in keys}


def percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def _cell(value) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"


def table(rows: dict[str, dict], columns: dict[str, str], first: str = "program") -> str:
    """A Markdown table: `rows` are name -> values, `columns` key -> title."""
    lines = ["| " + " | ".join([first, *columns.values()]) + " |", "|" + "---|" * (len(columns) + 1)]
    for name, values in rows.items():
        lines.append("| " + " | ".join([name, *(_cell(values.get(key)) for key in columns)]) + " |")
    return "\n".join(lines)


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPO).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _compile_flags() -> str:
    """Of one of our sources, as it was compiled: no include folders, no names of files."""
    try:
        commands = json.loads((BUILD / "compile_commands.json").read_text())
    except (OSError, ValueError):
        return ""
    for entry in commands:
        if entry["file"].endswith("connectd.cc"):
            wanted = ("-O", "-g", "-std", "-march", "-flto", "-fprofile", "-D")
            return " ".join(word for word in entry["command"].split() if word.startswith(wanted))
    return ""


def conditions() -> dict:
    commit = _output("git", "rev-parse", "--short=12", "HEAD")
    if commit and _output("git", "status", "--porcelain", "--untracked-files=no"):
        commit += " with changes"
    return {
        "date": date.today().isoformat(),
        "commit": commit or "unknown",
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "compiler": _output("clang++-19", "--version").partition("\n")[0],
        "flags": _compile_flags(),
    }


def save(name: str, text: str, data: dict, publish: bool) -> None:
    """Prints the text, and writes results/<date>-<name>.json and .md: not for quick runs, which prove nothing."""
    about = conditions()
    heading = (
        f"# {name}, {about['date']}\n\n"
        f"Commit {about['commit']}; {about['cpu']}, {about['cores']} cores, Linux {about['kernel']}; "
        f"{about['compiler']}; `{about['flags']}`.\n"
        "Load client, servers and upstream share the cores: read ratios, and CPU before rates.\n\n"
    )
    print(heading + text + "\n", flush=True)
    if not publish:
        return
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{about['date']}-{name}"
    path.with_suffix(".json").write_text(json.dumps({"conditions": about, **data}, indent=1) + "\n")
    path.with_suffix(".md").write_text(heading + text + "\n")
    print(f"written: {path.relative_to(REPO)}.md and .json", flush=True)


def progress(what: str, row: dict) -> None:
    """One line a round, so that a noisy one is seen where it happens."""
    print(f"  {what}: " + ", ".join(f"{key} {_cell(value)}" for key, value in row.items()), flush=True)
