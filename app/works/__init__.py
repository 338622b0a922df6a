"""民办 do: work orders from decided and dispatched matters, and whistles to departments."""
