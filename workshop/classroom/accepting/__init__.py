"""Taking in what students hand in. No student's code is run here, and no file of theirs ends the batch.

``archives``   a folder of notebooks, folders and zips: every notebook in it, or why it was refused
``notebooks``  the bytes of one notebook: made valid, or refused
``lessons``    which lesson a notebook is
``restore``    the lesson's own notebook with nothing but the answers of the submission
``tables``     CSV files that staff write
``roster``     who handed in what, and when
``manual``     marks that staff give by hand
``intake``     all of it for a class: what is graded, what is not and why, who should have handed in
``words``      numbers as sentences have them
"""
