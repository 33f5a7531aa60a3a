"""What would have become of ended auctions under other settings, from their record alone."""
