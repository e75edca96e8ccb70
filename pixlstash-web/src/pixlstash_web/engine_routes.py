"""The routes of engines, and of what is found by their results."""

from __future__ import annotations

from pixlstash_core.library import Library

from .specs import api
from .table import Route

ENGINE_ROUTES: tuple[Route, ...] = (
    api("GET", "/engines", Library.engines, "owner"),
    api("GET", "/engines/named", Library.engine, "owner"),
    api("GET", "/engines/uninstalled", Library.uninstalled_engines, "owner"),
    api("POST", "/engines/rehearse", Library.rehearse_engine, "owner"),
    api("GET", "/engines/rehearsals/{id}", Library.rehearsal, "owner"),
    api("POST", "/engines/run", Library.run_engine, "write"),
    api("POST", "/engines/settings", Library.set_engine, "owner"),
    api("POST", "/engines/allow", Library.allow_host, "owner"),
    api("POST", "/engines/fetch", Library.fetch_weights, "owner"),
    api("POST", "/pictures/similar", Library.similar, "read"),
    api("GET", "/jobs/{id}/errors", Library.job_errors, "owner"),
    api("POST", "/jobs/{id}/retry", Library.retry_job, "write"),
    api("POST", "/jobs/{id}/revert", Library.revert_job, "write"),
)
