"""Bytes become lines."""

from hypothesis import given
from hypothesis import strategies as st

from chaosmonkey.cluster.line_splitter import LineSplitter


@given(
    st.lists(st.binary(min_size=1).filter(lambda line: b"\n" not in line and line.strip())),
    st.lists(st.integers(1, 50)),
)
def test_lines_come_out_whole_however_the_stream_was_cut(
    lines: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    found, cutter, position = [], LineSplitter(), 0
    for cut in [*cuts, len(stream) + 1]:
        found += cutter.feed(stream[position : position + cut])
        position += cut
    assert found == lines
    assert cutter.rest() == b""


def test_a_line_of_many_megabytes_is_put_together() -> None:
    cutter = LineSplitter()
    for _ in range(64):
        assert cutter.feed(b"x" * 65536) == []
    assert [len(line) for line in cutter.feed(b"\n")] == [64 * 65536]


def test_what_is_left_of_a_line_that_was_cut_off_is_told() -> None:
    cutter = LineSplitter()
    assert cutter.feed(b'{"a":1}\n{"b"') == [b'{"a":1}']
    assert cutter.rest() == b'{"b"'


def test_blank_lines_and_carriage_returns_are_no_lines() -> None:
    assert LineSplitter().feed(b"\n\r\n  \n{}\n") == [b"{}"]
