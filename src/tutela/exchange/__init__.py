"""Lists on the wire: hash lists read from and written to the forms that partners exchange, streaming.

`read` and `write` go by a format's name; `formats` is the list of them, one file each.
"""

from tutela.exchange.catalogue import formats, read, write
from tutela.exchange.format import Format, Item, Written

__all__ = ["Format", "Item", "Written", "formats", "read", "write"]
