"""Background jobs."""

from __future__ import annotations

from ..session import Wired, demand
from ..types import Job, Reader


class Jobs(Wired):
    def jobs(self, reader: Reader) -> list[Job]:
        """Background jobs: running ones first, then the newest."""
        demand(reader, "owner")
        return self.queue.newest()

    def job(self, reader: Reader, id: int) -> Job:
        """One job."""
        demand(reader, "owner")
        return self.queue.get(id)

    def cancel_job(self, reader: Reader, id: int) -> Job:
        """Stop a job; what it finished stays."""
        demand(reader, "owner")
        return self.queue.cancel(id)

    def hold_job(self, reader: Reader, id: int) -> Job:
        """Have a job cancelled unless this is asked again within half a minute: for programs that wait for it."""
        demand(reader, "owner")
        return self.queue.hold(id)

    def pause_job(self, reader: Reader, id: int) -> Job:
        """Halt a job until it is resumed."""
        demand(reader, "owner")
        return self.queue.pause(id)

    def resume_job(self, reader: Reader, id: int) -> Job:
        """Go on with a paused, failed or cancelled job."""
        demand(reader, "owner")
        return self.queue.resume(id)
