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
    // Without an early end, so that several bytes are looked at with one instruction.
    !value.iter().fold(false, |bad, &byte| {
        bad | (byte < 0x20 && byte != b'\t') | (byte == 0x7f)
    })
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
