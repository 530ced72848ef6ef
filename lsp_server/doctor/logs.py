"""Where the logs are, and what crashed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from lsp_server.doctor.report import Finding, Section


def logs_section(folder: Path, level: str, reports: Sequence[Path]) -> Section:
    """`reports` of crashes, the newest first."""
    findings = [Finding("folder", str(folder)), Finding("level", level)]
    if reports:
        newest = reports[0]
        when = datetime.fromtimestamp(newest.stat().st_mtime, UTC)
        text = f"{len(reports)} reported, the last one {when:%Y-%m-%d %H:%M} UTC: {newest}"
        findings.append(Finding("crashes", text, "note"))
    else:
        findings.append(Finding("crashes", "none reported"))
    data = {"folder": str(folder), "level": level, "crash_reports": [str(one) for one in reports]}
    return Section("logs", "Logs", tuple(findings), data)
