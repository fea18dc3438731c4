"""What is wrong with a data set, as far as a look at the photos tells.

::

    label_errors.py   photos whose label their neighbours contradict
    odd_photos.py     photos unlike all others
    unknown.py        a class for photos that have none
    inspection.py     all findings about a data set together
    sunburst.py       the hierarchy as rings
    page.py           the same for people: one HTML file
"""
