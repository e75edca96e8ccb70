"""What sets, projects, saved queries and stacks contribute to a library."""

from __future__ import annotations

from . import projects, saved_queries, sets, stacks

FEATURES = (sets.FEATURE, projects.FEATURE, saved_queries.FEATURE, stacks.FEATURE)
