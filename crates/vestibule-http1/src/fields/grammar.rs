//! What a name and a value may be made of, and how lists are read (RFC 9110 §5.5, §5.6).

/// Whether `name` is a token as RFC 9110 §5.6.2 defines it.
#[must_use]
pub fn is_token(name: &[u8]) -> bool {
    !name.is_empty()
        && name
            .iter()
            .fold(true, |all, &byte| all & is_token_byte(byte))
}

/// Whether `byte` may be in a token.
#[must_use]
pub fn is_token_byte(byte: u8) -> bool {
    TOKEN_BYTES.get(usize::from(byte)).copied().unwrap_or(false)
}

#[expect(
    clippy::indexing_slicing,
    reason = "run by the compiler, which checks it"
)]
const TOKEN_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let signs = b"!#$%&'*+-.^_`|~";
    let mut at = 0;
    while at < table.len() {
        let byte = at as u8;
        let mut sign = 0;
        table[at] = byte.is_ascii_alphanumeric();
        while sign < signs.len() {
            if signs[sign] == byte {
                table[at] = true;
            }
            sign += 1;
        }
        at += 1;
    }
    table
};

/// Whether `value` holds no control byte but the tab (RFC 9110 §5.5).
#[must_use]
pub fn is_field_value(value: &[u8]) -> bool {
    text_bytes(value) == value.len()
}

/// How many bytes there are before the first control byte that is no tab.
pub(crate) fn text_bytes(bytes: &[u8]) -> usize {
    // Most bytes there are: whole blocks of them are looked at with a few instructions.
    let blocks = bytes.as_chunks::<16>().0.iter();
    let plain = 16 * blocks.take_while(|block| is_visible(block)).count();
    let rest = bytes.get(plain..).unwrap_or_default();
    plain + first_in(rest, controls, is_control).unwrap_or(rest.len())
}

/// Where the first colon is.
pub(crate) fn colon(bytes: &[u8]) -> Option<usize> {
    first_in(bytes, colons, |byte| byte == b':')
}

/// Where the first byte of a kind is. `mark` sets the highest bit of that byte in a word; only bytes after it may be marked
/// wrongly. The first byte of a word is the lowest.
#[inline]
fn first_in(bytes: &[u8], mark: fn(u64) -> u64, is: fn(u8) -> bool) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let marked = mark(u64::from_le_bytes(*word));
        if marked != 0 {
            return Some(at * 8 + marked.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|&byte| is(byte))?;
    Some(words.len() * 8 + at)
}

/// Whether all bytes are ASCII and none is a control byte.
fn is_visible(block: &[u8; 16]) -> bool {
    !block
        .iter()
        .fold(false, |any, &byte| any | !matches!(byte, 0x20..=0x7e))
}

const fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f
}

const EACH: u64 = 0x0101_0101_0101_0101;

const fn controls(word: u64) -> u64 {
    // Seven bits of each byte, so that no sum reaches the next one.
    let low = word & (0x7f * EACH);
    let printable = low + 0x60 * EACH;
    let no_tab = (low ^ (0x09 * EACH)) + 0x7f * EACH;
    let delete = low + EACH;
    ((!printable & no_tab) | delete) & !word & (0x80 * EACH)
}

const fn colons(word: u64) -> u64 {
    let others = word ^ (b':' as u64 * EACH);
    others.wrapping_sub(EACH) & !others & (0x80 * EACH)
}

/// The members of a comma-separated list (RFC 9110 §5.6.1), white space around them removed, empty
/// ones left out.
pub fn list(value: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    value
        .split(|&byte| byte == b',')
        .map(trim)
        .filter(|member| !member.is_empty())
}

/// `value` without spaces and tabs at both ends.
#[must_use]
pub fn trim(value: &[u8]) -> &[u8] {
    let mut value = value;
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_of_a_kind_is_found_wherever_it_is() {
        for length in 0..70 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'a'; length];
                    bytes[at] = byte;
                    let control = byte.is_ascii_control() && byte != b'\t';
                    let expected = if control { at } else { length };
                    assert_eq!(
                        text_bytes(&bytes),
                        expected,
                        "{byte:#x} at {at} of {length}"
                    );
                    assert_eq!(colon(&bytes), (byte == b':').then_some(at));
                }
            }
        }
    }

    #[test]
    fn no_neighbours_hide_it() {
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                let bytes = [b'a', b'\t', first, second, first, b'\xff', b':', b'\0'];
                let control = bytes.iter().position(|&byte| is_control(byte));
                assert_eq!(Some(text_bytes(&bytes)), control, "{bytes:?}");
                assert_eq!(colon(&bytes), memchr::memchr(b':', &bytes), "{bytes:?}");
            }
        }
    }
}
