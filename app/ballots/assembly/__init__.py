"""An assembly that counts by hand: its totals are the result, confirmed by witnesses."""
