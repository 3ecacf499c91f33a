"""The way back: what workers read, told to the records that were open where the work came from."""
