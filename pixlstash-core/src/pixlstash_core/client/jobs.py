"""Background jobs."""

from __future__ import annotations

from ..types import Job
from .channel import Channel


class Jobs(Channel):
    def jobs(self) -> list[Job]:
        return self._get("/jobs", list[Job])

    def job(self, id: int) -> Job:
        return self._get(f"/jobs/{id}", Job)

    def cancel_job(self, id: int) -> Job:
        return self._post(f"/jobs/{id}/cancel", Job)

    def hold_job(self, id: int) -> Job:
        return self._post(f"/jobs/{id}/hold", Job)

    def pause_job(self, id: int) -> Job:
        return self._post(f"/jobs/{id}/pause", Job)

    def resume_job(self, id: int) -> Job:
        return self._post(f"/jobs/{id}/resume", Job)
