"""Tables that people upload: CSV text and workbooks as lines of values, within limits."""
