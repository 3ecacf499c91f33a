"""`hp submit`: a script as a job on a Ray cluster, with its folder and the scope."""
