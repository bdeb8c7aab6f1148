use super::*;
use proptest::prelude::*;

fn key(byte: u8) -> SealingKey {
    let mut bytes = [byte; 32];
    bytes[0] = byte.wrapping_add(1);
    SealingKey::from_bytes(&bytes).unwrap()
}

fn ring(bytes: &[u8]) -> KeyRing {
    KeyRing::new(bytes.iter().map(|b| key(*b)).collect()).unwrap()
}

const NONCE: [u8; NONCE_BYTES] = [9; NONCE_BYTES];

#[test]
fn what_was_sealed_opens_for_the_same_purpose_and_parts_only() {
    let ring = ring(&[1]);
    let sealed = ring
        .seal(Purpose::Pending, &[b"host", b"name"], b"text", NONCE)
        .unwrap();
    assert_eq!(sealed.len(), 4 + OVERHEAD_BYTES);
    let open = |purpose, parts: &[&[u8]]| ring.open(purpose, parts, &sealed);
    assert_eq!(
        open(Purpose::Pending, &[b"host", b"name"])
            .unwrap()
            .as_slice(),
        b"text"
    );
    assert_eq!(
        open(Purpose::Record, &[b"host", b"name"]),
        Err(OpenError::Refused)
    );
    for parts in [
        &[b"hos".as_slice(), b"tname"] as &[&[u8]],
        &[b"hostname"],
        &[b"host", b"name", b""],
        &[b"name", b"host"],
        &[],
    ] {
        assert_eq!(
            open(Purpose::Pending, parts),
            Err(OpenError::Refused),
            "{parts:?}"
        );
    }
}

/// CVE-2023-35941: a MAC over fields without separators stayed valid when bytes moved between them.
#[test]
fn cve_2023_35941_parts_cannot_trade_bytes() {
    let mut seen = std::collections::HashSet::new();
    for parts in [
        &[b"ab".as_slice(), b"c"] as &[&[u8]],
        &[b"a", b"bc"],
        &[b"abc"],
        &[b"abc", b""],
    ] {
        assert!(
            seen.insert(authenticated(Purpose::Pending, parts)),
            "{parts:?}"
        );
    }
}

/// CVE-2021-32791: a fixed nonce and fixed authenticated data.
#[test]
fn cve_2021_32791_another_nonce_gives_another_ciphertext() {
    let ring = ring(&[1]);
    let seal = |nonce| {
        ring.seal(Purpose::Record, &[b"a"], b"text", [nonce; NONCE_BYTES])
            .unwrap()
    };
    let (one, two) = (seal(1), seal(2));
    assert_ne!(one[1 + 4 + NONCE_BYTES..], two[1 + 4 + NONCE_BYTES..]);
}

#[test]
fn every_key_opens_and_the_first_seals() {
    let (old, both, new) = (ring(&[1]), ring(&[2, 1]), ring(&[2]));
    let seal = |ring: &KeyRing| ring.seal(Purpose::Record, &[b"a"], b"text", NONCE).unwrap();
    let open = |ring: &KeyRing, sealed: &[u8]| ring.open(Purpose::Record, &[b"a"], sealed);
    let by_old = seal(&old);
    assert!(open(&both, &by_old).is_ok());
    assert_eq!(open(&new, &by_old), Err(OpenError::UnknownKey(key(1).id())));
    let by_both = seal(&both);
    assert!(open(&new, &by_both).is_ok());
    assert!(open(&old, &by_both).is_err());
}

#[test]
fn keys_are_thirty_two_random_bytes_in_base64_or_hexadecimal() {
    let id = |text: &str| SealingKey::parse(text.as_bytes()).map(|key| key.id());
    let bytes: [u8; 32] = std::array::from_fn(|at| 0xF0 ^ (at as u8 * 7));
    let expected = SealingKey::from_bytes(&bytes).unwrap().id();
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    use base64::Engine as _;
    use base64::engine::general_purpose as engines;
    for text in [
        SealingKey::text_of(&bytes).to_string(),
        hex.to_uppercase(),
        format!("  {hex}\r\n"),
        engines::STANDARD.encode(bytes),
        engines::STANDARD_NO_PAD.encode(bytes),
        engines::URL_SAFE.encode(bytes),
    ] {
        assert_eq!(id(&text), Ok(expected), "{text}");
    }
    for text in [
        "",
        "secret",
        "correct horse battery staple",
        &hex[..62],
        &format!("{hex}00"),
        &"A".repeat(300),
    ] {
        assert_eq!(id(text), Err(KeyError::Form), "{text}");
    }
    assert_eq!(id(&"0".repeat(64)), Err(KeyError::Placeholder));
    assert_eq!(id(&"A".repeat(43)), Err(KeyError::Placeholder));
}

#[test]
fn a_ring_has_keys_but_not_many() {
    assert_eq!(KeyRing::new(Vec::new()).unwrap_err(), KeyRingError::Empty);
    let many = (0..17).map(key).collect();
    assert_eq!(
        KeyRing::new(many).unwrap_err(),
        KeyRingError::TooMany { found: 17 }
    );
}

#[test]
fn debug_shows_no_key() {
    let shown = format!("{:?}", ring(&[1]));
    assert!(shown.starts_with("KeyRing([SealingKey(KeyId("), "{shown}");
    assert!(shown.len() < 60, "{shown}");
}

proptest! {
    #[test]
    fn one_altered_byte_is_refused(text in prop::collection::vec(any::<u8>(), 0..64), at in any::<prop::sample::Index>(), flip in 1u8..) {
        let ring = ring(&[1, 2]);
        let mut sealed = ring.seal(Purpose::Pending, &[b"host"], &text, NONCE).unwrap();
        let at = at.index(sealed.len());
        sealed[at] ^= flip;
        prop_assert!(ring.open(Purpose::Pending, &[b"host"], &sealed).is_err());
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        prop_assert!(ring(&[1]).open(Purpose::Pending, &[], &bytes).is_err());
    }
}
