"""What a file says of itself, read in one pass before anything is decoded, and what of it a decoder
needs: all else stays behind unread."""
