"""What a run of grading tells: a report for each student, tables for the class, one page for staff."""
