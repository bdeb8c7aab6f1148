//! From what httparse found in a head to our types.

use std::mem::MaybeUninit;
use std::ops::Range;

use httparse::Header;

use super::HeadError;
use crate::fields::Fields;
use crate::version::Version;

/// How many fields are read without asking for memory.
const ON_STACK: usize = 128;

/// Where httparse puts what it finds.
pub(crate) struct Room<'h> {
    stack: [MaybeUninit<Header<'h>>; ON_STACK],
    heap: Vec<MaybeUninit<Header<'h>>>,
}

impl<'h> Room<'h> {
    pub(crate) const fn new() -> Self {
        Self {
            stack: [const { MaybeUninit::uninit() }; ON_STACK],
            heap: Vec::new(),
        }
    }

    /// Room for as many fields as the limit allows and `head` could hold.
    pub(crate) fn for_fields(
        &mut self,
        limit: usize,
        head: &[u8],
    ) -> &mut [MaybeUninit<Header<'h>>] {
        // The shortest line is a letter, a colon, and CRLF.
        let most = limit.min(head.len() / 4 + 1);
        if most <= ON_STACK {
            return self.stack.get_mut(..most).unwrap_or_default();
        }
        self.heap.resize(most, MaybeUninit::uninit());
        &mut self.heap
    }
}

/// The fields that httparse found in `head`, which is all of a head, or the trailers of a body. It lets a line end in LF
/// alone, so that is refused here: each line ends where the next one's name begins.
pub(crate) fn fields_of(head: &[u8], found: &[Header<'_>]) -> Result<Fields, HeadError> {
    if !head.ends_with(b"\r\n\r\n") {
        return Err(HeadError::LineEnd);
    }
    let Some(first) = found.first() else {
        return Ok(Fields::new());
    };
    let (before, lines) = head.split_at(place(head, first.name.as_bytes()).start.min(head.len()));
    let lines = lines.strip_suffix(b"\r\n").unwrap_or_default();
    // Trailers have no first line.
    let mut ends = before.is_empty() || before.ends_with(b"\r\n");
    let places = found.iter().map(|header| {
        let name = place(lines, header.name.as_bytes());
        let end_before = lines.get(name.start.wrapping_sub(2)..name.start);
        ends &= name.start == 0 || end_before.is_some_and(|end| end == b"\r\n");
        (name, place(lines, header.value))
    });
    match Fields::of_lines(lines, places) {
        Some(fields) if ends => Ok(fields),
        _ => Err(HeadError::LineEnd),
    }
}

/// httparse knows no others than these two.
pub(crate) const fn version(minor: u8) -> Version {
    match minor {
        0 => Version::Http10,
        _ => Version::Http11,
    }
}

/// Where `part` is in `whole`, of which it is a part.
fn place(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
    start..start.wrapping_add(part.len())
}
