"""Values by themselves: their keys and origins, how they are converted, shown and masked."""
