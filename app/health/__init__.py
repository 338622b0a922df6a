"""How the service is: for balancers, for those who watch, and for the operator at the console."""
