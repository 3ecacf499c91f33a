"""What runs the work of sweeps elsewhere: `--on processes`, `--on ray`."""
