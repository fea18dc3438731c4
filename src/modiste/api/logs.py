"""What a running server writes to its log: one line each, for people or for programs.

A line about a request names its method, address, status, time and id. It never holds what was sent: no photo,
no form field, no header, no query string.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

from modiste.api.problems import REQUEST_ID

__all__ = ["LogFormat", "log_to_stderr"]

LogFormat = Literal["text", "json"]


def log_to_stderr(format: LogFormat) -> None:
    """From now on, write what Modiste and uvicorn have to say to the standard error stream."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if format == "json" else _Text())
    for name, level in (("modiste", logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False


class _Json(logging.Formatter):
    """One JSON object a line; a request's line has its numbers as fields of their own."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            "process": record.process,
            "request_id": REQUEST_ID.get(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps({name: value for name, value in told.items() if value is not None})


class _Text(logging.Formatter):
    """``2026-11-21T17:31:18.042Z INFO GET /v1/items 200 3.1 ms [id]``; a traceback goes on its own lines."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_time(record)} {record.levelname} {record.getMessage()}"
        if request_id := REQUEST_ID.get():
            line += f" [{request_id}]"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
