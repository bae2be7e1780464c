"""An import map compiled into row → record: ``compile_map`` checks the map, its ``Mapper`` takes the rows."""

from exlog.mapping.compiler import compile_map, map_fields
from exlog.mapping.convert import Rejected
from exlog.mapping.mapper import Mapper

__all__ = ["Mapper", "Rejected", "compile_map", "map_fields"]
