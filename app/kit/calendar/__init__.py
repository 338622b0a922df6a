"""Terms, and 节假日: which days are worked.

Each `YEAR.csv` beside this file ships with a release; an operator records a later year, or corrects
one, with `flask add-holidays`.
"""
