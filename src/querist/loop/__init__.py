"""Heart: the campaign, its state, and the turn of the ring."""
