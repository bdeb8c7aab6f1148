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
    let (blocks, rest) = bytes.as_chunks::<16>();
    for (at, block) in blocks.iter().enumerate() {
        // Most blocks are plain, which a few instructions show.
        if !is_visible(block)
            && let Some(control) = first_control(block)
        {
            return at * 16 + control;
        }
    }
    let looked = bytes.len() - rest.len();
    if rest.len() >= 8
        && let (Some(first), Some(last)) = (rest.first_chunk(), rest.last_chunk())
    {
        // The two overlap, or are all of it.
        let (first, last) = (first_of_word(first), first_of_word(last));
        let last = last.map(|at| rest.len() - 8 + at);
        return looked + first.or(last).unwrap_or(rest.len());
    }
    let control = rest.iter().position(|&byte| is_control(byte));
    looked + control.unwrap_or(rest.len())
}

/// Whether all bytes are ASCII and none is a control byte.
fn is_visible(block: &[u8; 16]) -> bool {
    !block
        .iter()
        .fold(false, |any, &byte| any | !matches!(byte, 0x20..=0x7e))
}

fn first_control(block: &[u8; 16]) -> Option<usize> {
    let (first, second) = block.split_first_chunk()?;
    let second = second.first_chunk()?;
    first_of_word(first).or_else(|| Some(8 + first_of_word(second)?))
}

/// Where the first control byte of eight is that is no tab.
fn first_of_word(word: &[u8; 8]) -> Option<usize> {
    let marked = controls(u64::from_le_bytes(*word));
    (marked != 0).then(|| marked.trailing_zeros() as usize / 8)
}

const fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f
}

const EACH: u64 = 0x0101_0101_0101_0101;

/// Sets the highest bit of each byte that is a control byte and no tab.
const fn controls(word: u64) -> u64 {
    // Seven bits of each byte, so that no sum reaches the next one.
    let low = word & (0x7f * EACH);
    let printable = low + 0x60 * EACH;
    let no_tab = (low ^ (0x09 * EACH)) + 0x7f * EACH;
    let delete = low + EACH;
    ((!printable & no_tab) | delete) & !word & (0x80 * EACH)
}

/// Where the first colon is.
pub(crate) fn colon(bytes: &[u8]) -> Option<usize> {
    // Names are short: eight bytes at once are enough.
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let marked = colons(u64::from_le_bytes(*word));
        if marked != 0 {
            return Some(at * 8 + marked.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|&byte| byte == b':')?;
    Some(words.len() * 8 + at)
}

/// Sets the highest bit of the first byte that is a colon; only bytes after it may be marked wrongly.
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
                let block = [[b'\xe9'; 8], bytes].concat();
                for bytes in [&bytes[..], &block] {
                    let control = bytes.iter().position(|&byte| is_control(byte));
                    assert_eq!(Some(text_bytes(bytes)), control, "{bytes:?}");
                    assert_eq!(colon(bytes), memchr::memchr(b':', bytes), "{bytes:?}");
                }
            }
        }
    }
}
