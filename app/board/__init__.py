"""The public board: notices of every public move, as pages, JSON Feed and Atom."""
