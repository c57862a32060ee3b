"""Read structures of the Thrift compact protocol, of which parquet files are made.

Only what parquet uses: no maps, and integers and nested structures are returned while text and
other values are skipped. Whatever a decoder might understand in two ways is refused: a field that
is given twice, a number that is cut off. Reference: the Thrift compact protocol specification.
"""

from __future__ import annotations

from typing import Any

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_DEEPEST = 16


class ThriftError(ValueError):
    """The bytes are not such a structure, or one that no legitimate writer produces."""


class Structure(dict[int, tuple[int, Any]]):
    """Wire type and value of each field by its number."""

    def count(self, number: int, *, bits: int) -> int:
        """Return a number that must be there, and must not be negative.

        Raises
        ------
        ThriftError
            If the field is absent, of another type, negative or out of range.
        """
        wire_type, value = self.get(number, (0, None))
        if wire_type != {32: _I32, 64: _I64}[bits] or not 0 <= value < 2 ** (bits - 1):
            raise ThriftError(f"field {number} is not a count of {bits} bits")
        count: int = value
        return count

    def structure(self, number: int) -> Structure:
        """Return a structure that must be there.

        Raises
        ------
        ThriftError
            If the field is absent or of another type.
        """
        value = self.get(number, (0, None))[1]
        if not isinstance(value, Structure):
            raise ThriftError(f"field {number} is not a structure")
        return value

    def structures(self, number: int) -> list[Structure]:
        """Return a list of structures that must be there.

        Raises
        ------
        ThriftError
            If the field is absent or of another type.
        """
        wire_type, values = self.get(number, (0, None))
        if wire_type != _LIST or not all(isinstance(value, Structure) for value in values):
            raise ThriftError(f"field {number} is not a list of structures")
        structures: list[Structure] = values
        return structures


class CompactReader:
    """A reader that never looks beyond `end` and never reads more values than it may.

    Parameters
    ----------
    body
        Where the structures are.
    most_values
        How many values may be read altogether: a bound on the time that it takes.
    """

    def __init__(self, body: bytes, *, most_values: int) -> None:
        self._body = body
        self._remaining = most_values
        self._end = 0
        self.position = 0

    def structure_at(self, position: int, *, end: int) -> Structure:
        """Read the structure that begins at a position; `position` is behind it then.

        Raises
        ------
        ThriftError
            If there is none.
        """
        self.position, self._end = position, end
        return self._structure(0)

    def _structure(self, depth: int) -> Structure:
        if depth > _DEEPEST:
            raise ThriftError("the structure is nested too deeply")
        fields = Structure()
        number = 0
        while head := self._byte():
            # The upper half is the distance from the field before; 0 says that the number follows.
            number = number + (head >> 4) if head >> 4 else self._signed()
            if number in fields or not 0 < number < 2**15:
                raise ThriftError(f"field {number} is given twice or out of range")
            fields[number] = (head & 15, self._value(head & 15, depth))
        return fields

    def _value(self, wire_type: int, depth: int) -> Any:
        self._remaining -= 1
        if self._remaining < 0:
            raise ThriftError("there are too many values")
        if wire_type in {_I16, _I32, _I64}:
            return self._signed()
        if wire_type == _STRUCT:
            return self._structure(depth + 1)
        if wire_type in {_LIST, _SET}:
            return self._list(depth + 1)
        if wire_type == _BINARY:
            self._skip(self._varint())
        elif wire_type in {_DOUBLE, _BYTE}:
            self._skip(8 if wire_type == _DOUBLE else 1)
        elif wire_type not in {_TRUE, _FALSE}:  # whose type is the value
            raise ThriftError(f"there is a value of type {wire_type}")
        return None

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        length, wire_type = head >> 4, head & 15
        if length == 15:  # means that the length did not fit
            length = self._varint()
        if length > self._end - self.position:  # every element takes at least one byte
            raise ThriftError("a list is longer than what holds it")
        if wire_type in {_TRUE, _FALSE}:  # inside a list, booleans are bytes
            wire_type = _BYTE
        return [self._value(wire_type, depth) for _ in range(length)]

    def _byte(self) -> int:
        self._skip(1)
        return self._body[self.position - 1]

    def _skip(self, size_bytes: int) -> None:
        self.position += size_bytes
        if self.position > self._end:
            raise ThriftError("the structure is cut off")

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):  # ten groups of seven bits hold every number of 64
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ThriftError("a number is too long")

    def _signed(self) -> int:
        value = self._varint()
        # Zigzag: 0, -1, 1, -2, ... so that small negative numbers are short, too.
        return (value >> 1) ^ -(value & 1)
