"""What is put up for auction, and where tasks are read from."""
