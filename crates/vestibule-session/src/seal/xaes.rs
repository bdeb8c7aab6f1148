//! XAES-256-GCM: AES-256-GCM with a 192-bit nonce, as <https://c2sp.org/XAES-256-GCM> defines it.
//!
//! The first half of the nonce and the key give, by CMAC (NIST SP 800-108 in counter mode), a key
//! for this message alone; the second half is the nonce of AES-GCM. Nonces may so be random for any
//! number of messages, also when several replicas seal with one key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cmac;
use aws_lc_rs::error::Unspecified;
use zeroize::Zeroizing;

pub(super) const NONCE_BYTES: usize = 24;
pub(super) const TAG_BYTES: usize = 16;

/// Encrypts `in_out` and appends the tag.
pub(super) fn seal(
    key: &cmac::Key,
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    in_out: &mut Vec<u8>,
) -> Result<(), Unspecified> {
    let (key, nonce) = derive(key, nonce)?;
    key.seal_in_place_append_tag(nonce, Aad::from(aad), in_out)
}

/// Decrypts `in_out`, which ends with the tag, and says how many bytes of plaintext it begins with.
pub(super) fn open(
    key: &cmac::Key,
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    in_out: &mut [u8],
) -> Result<usize, Unspecified> {
    let (key, nonce) = derive(key, nonce)?;
    Ok(key.open_in_place(nonce, Aad::from(aad), in_out)?.len())
}

fn derive(key: &cmac::Key, nonce: &[u8; NONCE_BYTES]) -> Result<(LessSafeKey, Nonce), Unspecified> {
    let (first, second) = nonce.split_first_chunk::<12>().ok_or(Unspecified)?;
    let mut derived = Zeroizing::new([0u8; 32]);
    for (counter, half) in (1u8..).zip(derived.chunks_exact_mut(16)) {
        let mut message = [0u8; 16];
        let (head, tail) = message.split_at_mut(4);
        head.copy_from_slice(&[0, counter, b'X', 0]);
        tail.copy_from_slice(first);
        cmac::sign_to_buffer(key, &message, half)?;
    }
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, derived.as_slice())?);
    Ok((key, Nonce::try_assume_unique_for_key(second)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// The vectors of the specification.
    #[test]
    fn the_published_vectors_come_out() {
        for (key, aad, expected) in [
            (
                1u8,
                "",
                "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271",
            ),
            (
                3,
                "c2sp.org/XAES-256-GCM",
                "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d",
            ),
        ] {
            let key = cmac::Key::new(cmac::AES_256, &[key; 32]).unwrap();
            let nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX";
            let mut in_out = b"XAES-256-GCM".to_vec();
            seal(&key, nonce, aad.as_bytes(), &mut in_out).unwrap();
            assert_eq!(hex(&in_out), expected);
            let length = open(&key, nonce, aad.as_bytes(), &mut in_out).unwrap();
            assert_eq!(&in_out[..length], b"XAES-256-GCM");
        }
    }
}
