"""吹哨报到: a street blows, a department reports in and feeds back."""
