"""Two topologies over one history: who would enter and leave, and what a new definition cannot know at first."""
