//! Raw bytes as readable text, and back.
//!
//! | written | means |
//! |---|---|
//! | `\r` `\n` `\t` `\0` `\\` | that byte |
//! | `\xff` | any byte |
//! | `{host}` | the host and port of whoever is asked |
//! | `{3*ab}` | `ababab` |
//! | anything else | itself |

/// The bytes that `text` stands for.
#[must_use]
pub fn bytes(text: &str, host: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '\\' => escape(&rest[1..], &mut out),
            '{' => brace(&rest[1..], host, &mut out),
            _ => {
                let (one, after) = rest.split_at(first.len_utf8());
                out.extend_from_slice(one.as_bytes());
                after
            }
        };
    }
    out
}

fn escape<'t>(rest: &'t str, out: &mut Vec<u8>) -> &'t str {
    let (byte, length) = match rest.as_bytes().first() {
        Some(b'r') => (b'\r', 1),
        Some(b'n') => (b'\n', 1),
        Some(b't') => (b'\t', 1),
        Some(b'0') => (0, 1),
        Some(b'\\') => (b'\\', 1),
        Some(b'x') => {
            let digits = rest
                .get(1..3)
                .and_then(|two| u8::from_str_radix(two, 16).ok());
            (
                digits.unwrap_or_else(|| panic!("no two digits: \\{rest}")),
                3,
            )
        }
        _ => panic!("no such escape: \\{rest}"),
    };
    out.push(byte);
    &rest[length..]
}

fn brace<'t>(rest: &'t str, host: &str, out: &mut Vec<u8>) -> &'t str {
    let (inside, after) = rest.split_once('}').expect("a brace is closed");
    if inside == "host" {
        out.extend_from_slice(host.as_bytes());
    } else {
        let (count, text) = inside
            .split_once('*')
            .expect("a brace is {host} or {N*text}");
        let count: usize = count.parse().expect("a repetition is a number");
        out.extend(bytes(text, host).repeat(count));
    }
    after
}

/// Bytes as text on one line, long runs cut.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    const MOST: usize = 1500;
    let mut out = String::new();
    for &byte in bytes.iter().take(MOST) {
        match byte {
            b'\r' => out.push_str("\\r"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            0 => out.push_str("\\0"),
            b'\\' => out.push_str("\\\\"),
            b'{' => out.push_str("\\x7b"),
            0x20..=0x7e => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    if bytes.len() > MOST {
        out.push_str(&format!(" … {} bytes in all", bytes.len()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_are_two_ways_to_write_the_same() {
        let written = "A\\r\\n\\0\\xff\\\\\\t\\x7b";
        assert_eq!(bytes(written, ""), b"A\r\n\0\xff\\\t{");
        assert_eq!(text(&bytes(written, "")), written);
        assert_eq!(bytes("{3*a\\n}b {host}", "h:1"), b"a\na\na\nb h:1");
    }
}
