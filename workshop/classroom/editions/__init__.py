"""What is handed out: the workbook without its solutions for students, with them for staff.

``release`` cuts one lesson, ``tree`` says which files go along, ``packing`` zips them and puts them into place,
``edition`` joins the three. Nothing of it is ever committed.
"""
