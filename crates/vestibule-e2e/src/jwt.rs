//! A look into JWTs, without verifying them: who made them is the authority in these tests.

use serde_json::Value;

/// The claims of a JWT.
#[must_use]
pub fn claims(token: &str) -> Value {
    serde_json::from_str(&part(token, 1)).unwrap()
}

/// A part of a JWT as it is written: 0 is the header, 1 the claims.
#[must_use]
pub fn part(token: &str, number: usize) -> String {
    let part = token
        .split('.')
        .nth(number)
        .unwrap_or_else(|| panic!("not a JWT: {token}"));
    String::from_utf8(base64url(part)).unwrap()
}

fn base64url(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.bytes() {
        let value = LETTERS.iter().position(|known| *known == letter).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}
