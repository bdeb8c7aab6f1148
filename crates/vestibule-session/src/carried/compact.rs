//! Making a record small: tokens are mostly base64url of text that the claims have too.
//!
//! Every run of base64url characters that looks like a part of a token is replaced by the bytes it
//! spells, so that the compressor sees the claims in a token as the text they are; then everything is
//! compressed and padded. What is packed need not be a record: any bytes come back as they were.
//!
//! ```text
//! (length of bytes as they are, these; number of groups, three bytes for each four characters)*
//! ```

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use zeroize::Zeroizing;

/// What is written is as long as a multiple of this.
pub(super) const STEP_BYTES: usize = 64;

/// Shorter runs are left as they are.
const LEAST_RUN: usize = 16;

/// Shorter runs than this are left as they are where nothing says that they are a part of a JWT. The ids
/// and names among the claims are such runs, and unpacking them would hide that a token has them too.
const LEAST_OPAQUE_RUN: usize = 128;

/// How every base64url text of a JSON object begins, and so every JWT.
const JSON_BEGINS: &[u8] = b"eyJ";

/// Ends what is compressed; zeros follow.
const END: u8 = 0x80;

/// Appends `bytes` to `out`, packed, so that `out` is as long as a multiple of [`STEP_BYTES`].
pub(super) fn pack(bytes: &[u8], out: &mut Vec<u8>) {
    let spelled = Zeroizing::new(spell_out(bytes));
    let mut encoder = DeflateEncoder::new(out, Compression::best());
    // A Vec takes every write; one that is cut short would not unpack.
    let written = encoder
        .write_all(&spelled)
        .and_then(|()| encoder.try_finish());
    debug_assert!(written.is_ok());
    let out = encoder.get_mut();
    out.push(END);
    out.resize(out.len().next_multiple_of(STEP_BYTES), 0);
}

/// Reads what [`pack`] appended, if it is not longer than `most_bytes`.
pub(super) fn unpack(packed: &[u8], most_bytes: usize) -> Option<Zeroizing<Vec<u8>>> {
    let end = packed.iter().rposition(|byte| *byte != 0)?;
    let (compressed, rest) = packed.split_at_checked(end)?;
    if rest.first() != Some(&END) {
        return None;
    }
    let mut spelled = Zeroizing::new(Vec::new());
    // What is spelled out is longer than the bytes by the lengths in it alone, which are few.
    let most = (most_bytes as u64).saturating_mul(2);
    let mut decoder = DeflateDecoder::new(compressed).take(most + 1);
    decoder.read_to_end(&mut spelled).ok()?;
    if spelled.len() as u64 > most {
        return None;
    }
    read_back(&spelled, most_bytes)
}

fn spell_out(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut as_is, mut at) = (0, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let run = rest.iter().take_while(|byte| is_base64url(**byte)).count();
        if run < LEAST_RUN {
            at += run.max(1);
            continue;
        }
        // What stands in front of a text in CBOR can look like a part of it.
        let begins = |skip: &usize| {
            rest.get(*skip..)
                .is_some_and(|rest| rest.starts_with(JSON_BEGINS))
        };
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let goes_on = as_is + 4 >= at && before == Some(&b'.');
        let start = match (0..4).find(begins) {
            Some(skip) => at + skip,
            None if goes_on || run >= LEAST_OPAQUE_RUN => at,
            None => {
                at += run;
                continue;
            }
        };
        let groups = (at + run - start) / 4;
        let spelled = bytes
            .get(start..start + 4 * groups)
            .and_then(|run| URL_SAFE_NO_PAD.decode(run).ok())
            .map(Zeroizing::new);
        if let (Some(spelled), Some(before)) = (spelled, bytes.get(as_is..start)) {
            put_length(&mut out, before.len());
            out.extend_from_slice(before);
            put_length(&mut out, groups);
            out.extend_from_slice(&spelled);
            as_is = start + 4 * groups;
        }
        at += run;
    }
    let rest = bytes.get(as_is..).unwrap_or_default();
    put_length(&mut out, rest.len());
    out.extend_from_slice(rest);
    out
}

fn read_back(mut spelled: &[u8], most_bytes: usize) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(spelled.len().min(most_bytes) * 4 / 3));
    while !spelled.is_empty() {
        let length = take_length(&mut spelled)?;
        bytes.extend_from_slice(take(&mut spelled, length)?);
        if !spelled.is_empty() {
            let groups = take_length(&mut spelled)?;
            let run = take(&mut spelled, groups.checked_mul(3)?)?;
            let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(run));
            bytes.extend_from_slice(text.as_bytes());
        }
        if bytes.len() > most_bytes {
            return None;
        }
    }
    Some(bytes)
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn put_length(out: &mut Vec<u8>, mut length: usize) {
    while length > 0x7F {
        out.push((length & 0x7F) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

fn take_length(bytes: &mut &[u8]) -> Option<usize> {
    let mut length = 0;
    // Three bytes are two million, more than is ever packed.
    for shift in [0, 7, 14] {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        length |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(length);
        }
    }
    None
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MOST: usize = 100_000;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        pack(bytes, &mut out);
        assert_eq!(out.len() % STEP_BYTES, 0);
        out
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            prop_assert_eq!(&*unpack(&packed(&bytes), MOST).unwrap(), &bytes);
        }

        #[test]
        fn any_text_of_tokens_comes_back(
            text in "[yx]{0,3}(eyJ)?[A-Za-z0-9_-]{0,80}([.\u{1}][A-Za-z0-9_-]{0,80}){0,3}"
        ) {
            prop_assert_eq!(&*unpack(&packed(text.as_bytes()), MOST).unwrap(), text.as_bytes());
        }

        #[test]
        fn what_was_not_packed_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = unpack(&bytes, MOST);
            let _ = read_back(&bytes, MOST);
        }
    }

    /// A claim that is in the record and in two tokens takes its room once.
    #[test]
    fn what_a_token_repeats_takes_little() {
        let noise = |seed: u64, length: usize| -> String {
            let step = |n: &u64| {
                Some(
                    n.wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407),
                )
            };
            let all = std::iter::successors(Some(seed), step).skip(1);
            all.map(|n| char::from(b"abcdefghijklmnop"[(n >> 60) as usize]))
                .take(length)
                .collect()
        };
        let groups: Vec<String> = (2..20)
            .map(|seed| format!("\"{}\"", noise(seed, 36)))
            .collect();
        let claims = format!(
            "{{\"sub\":\"{}\",\"groups\":[{}]}}",
            noise(1, 40),
            groups.join(",")
        );
        let payload = URL_SAFE_NO_PAD.encode(&claims);
        let record = format!(
            "{claims}y\u{1}\u{2}eyJhbGciOiJSUzI1NiJ9.{payload}.AAAA yabeyJhbGciOiJSUzI1NiJ9.{payload}.BBBB"
        );
        let alone = packed(claims.as_bytes()).len();
        assert!(packed(record.as_bytes()).len() <= alone + 2 * STEP_BYTES);
    }

    #[test]
    fn what_unpacks_to_more_than_is_allowed_is_nothing() {
        let zeros = packed(&vec![0; 50_000]);
        assert!(zeros.len() < 200);
        assert!(unpack(&zeros, 50_000).is_some());
        assert!(unpack(&zeros, 49_999).is_none());
        let text = packed(&vec![b'A'; 50_000]);
        assert!(unpack(&text, 49_999).is_none());
    }
}
