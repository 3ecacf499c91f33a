"""What the engine for Ray is made of."""
