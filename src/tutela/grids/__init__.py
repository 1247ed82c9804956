"""Contact sheets: whether a picture is put together from others, and where each of them lies in it.

`separate` looks at pixels; `cells_of` cuts a frame into the frames of its cells.  The kernel finds *where* (see
``native/grids.cpp``): seams, which are steps across a straight line that stand out of their surroundings, counted along
each line over the whole picture, lines kept only where they hold in most rows or columns, a lattice completed by its
pitch, every cell's edges verified, borders set at native resolution.  A small scorer over what was found says
*whether* (`tutela.grids.scorer`).
"""

from tutela.grids.cutting import cells_of, variants
from tutela.grids.separation import LAYOUTS, Cell, Separation, separate

__all__ = ["LAYOUTS", "Cell", "Separation", "cells_of", "separate", "variants"]
