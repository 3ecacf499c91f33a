"""Records as other programs take them: experiment trackers, files, the environment."""
