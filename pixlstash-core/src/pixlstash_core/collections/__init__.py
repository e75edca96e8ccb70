"""Sets, projects, saved queries and stacks: how pictures are organized."""
