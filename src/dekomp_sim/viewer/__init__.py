"""What a case looks like in three dimensions.

`probe` says whether this machine can draw; `scene` describes what there is to see, as plain data; `stage` draws it into
any PyVista plotter; `snapshot` makes a PNG without a window. The last two import PyVista, which takes a second or two,
so nothing is imported here.
"""
