//! A session that the browser carries whole, in sealed cookies beside its handle.
//!
//! | step | writing | reading |
//! |---|---|---|
//! | record | CBOR, as every store writes it | |
//! | `compact` | unpacks base64url, compresses, pads to 64 bytes | bounded |
//! | seal | for the site, the cookie's name, the handle's key and the number of chunks | refuses all else |
//! | [`chunks`] | `NAME.0`, `NAME.1`, … each line below 4,000 bytes | one whole set or none |
//!
//! Whatever is wrong with what a browser brings back (a chunk too few or too many, one repeated, two
//! writes mixed, an unknown key, another site's cookies) it is no session: a signed-out person, and
//! never an error.
//!
//! **Why compression gives nothing away here.** Attacks such as CRIME need many lengths of one secret
//! compressed together with text of the attacker's choice. What strangers can get into a record are
//! claims, once per sign-in; each sign-in and refresh brings other tokens; the length shows in steps of
//! 64 bytes before encryption, and in a connection that is encrypted itself.
//!
//! What does not fit into the limit is left out in the order of [`LeftOut`], as far as the session can do
//! without; this replica still has it in memory. A session that then does not fit is refused.

pub mod chunks;
mod compact;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vestibule_oidc::time::UnixTime;
use zeroize::Zeroizing;

use crate::cookie::CookieNames;
use crate::handle::{HANDLE_CHARS, StoreKey};
use crate::record::Record;
use crate::seal::{KeyId, KeyRing, NONCE_BYTES, OVERHEAD_BYTES, Purpose, SealError, sealed_with};
use crate::site::Site;
use crate::store::Version;
use chunks::Brought;

/// The form of what is sealed.
const FORM: u8 = 1;

/// Form, version and time of last use, in front of the record.
const HEAD_BYTES: usize = 1 + 8 + 8;

/// The most bytes of a record that are packed, and that unpacking makes of a cookie.
const MOST_RECORD_BYTES: usize = 256 * 1024;

/// Which bytes a browser holds or brought: a hash of a whole set of chunks.
pub type Digest = [u8; 32];

/// A session that a browser brought.
#[derive(Debug)]
pub struct Carried {
    /// The version of the record.
    pub version: Version,
    /// When it was last in use, as far as that was written into the cookies.
    pub last_seen: UnixTime,
    /// The record.
    pub record: Record,
    /// The key that it opened with.
    pub sealed_with: KeyId,
}

/// What is to be carried.
#[derive(Clone, Copy, Debug)]
pub struct Load<'a> {
    /// The version of the record.
    pub version: Version,
    /// When the session was last in use.
    pub last_seen: UnixTime,
    /// The record.
    pub record: &'a Record,
    /// Whether nobody needs the ID token itself: neither the provider at sign-out, nor an upstream.
    pub id_token_may_go: bool,
    /// For how long the browser keeps it, in seconds; until it is closed.
    pub max_age_secs: Option<u64>,
}

/// What the cookies of a session may be and take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookieLimit(usize);

impl CookieLimit {
    /// What all cookies of ours may take in a `Cookie` field, unless it is set: as much as nginx and
    /// many others take of one header line.
    pub const DEFAULT: Self = Self(8 * 1024);

    /// The least that can be set.
    pub const LEAST_BYTES: usize = 4 * 1024;

    /// The most that can be set.
    pub const MOST_BYTES: usize = 16 * 1024;

    /// What is kept free beside the session: for a sign-in on its way and the application's own cookies.
    const BESIDE_BYTES: usize = 1024;

    /// This many bytes, moved into the bounds.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(bytes.clamp(Self::LEAST_BYTES, Self::MOST_BYTES))
    }

    /// The bytes that all cookies of ours may take.
    #[must_use]
    pub fn bytes(self) -> usize {
        self.0
    }

    /// The bytes of it that the session may take.
    #[must_use]
    pub fn session_bytes(self) -> usize {
        self.0 - Self::BESIDE_BYTES
    }
}

/// What had to be left out of the cookies, in this order.
///
/// Not `#[non_exhaustive]`: only this crate matches on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// Nothing.
    Nothing,
    /// The ID token, where nobody needs it. Its claims stay.
    IdToken,
    /// Access tokens for resources of their own too, which the refresh token brings back.
    ResourceTokens,
    /// The sign-in's own access token too, which the refresh token brings back.
    AllTokens,
}

impl LeftOut {
    const ALL: [Self; 4] = [
        Self::Nothing,
        Self::IdToken,
        Self::ResourceTokens,
        Self::AllTokens,
    ];
}

/// `Set-Cookie` values that give a browser its session.
#[derive(Clone)]
pub struct Written {
    /// One value for each chunk.
    pub lines: Vec<String>,
    /// What a browser that took them brings.
    pub digest: Digest,
    /// What they and the handle take in a `Cookie` field.
    pub bytes: usize,
    /// What had to be left out.
    pub left_out: LeftOut,
    /// The key that sealed it.
    pub sealed_with: KeyId,
}

/// Says how much it is, and not what.
impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Written")
            .field("chunks", &self.lines.len())
            .field("bytes", &self.bytes)
            .field("left_out", &self.left_out)
            .finish_non_exhaustive()
    }
}

/// Why a session can't be put into cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CarryError {
    /// It is larger than the limit, also without all that can be left out.
    #[error("keep a session in cookies of {bytes} bytes where {most_bytes} are allowed")]
    TooLarge {
        /// What the cookies would take.
        bytes: usize,
        /// What they may.
        most_bytes: usize,
    },
    /// See the source.
    #[error("seal a session")]
    Seal(#[from] SealError),
}

/// Seals a session for the browser that holds the handle of `key`. `nonce` is fresh randomness, used once.
///
/// # Errors
///
/// [`CarryError`].
pub fn write(
    load: &Load<'_>,
    site: &Site,
    key: &StoreKey,
    keys: &KeyRing,
    limit: CookieLimit,
    nonce: [u8; NONCE_BYTES],
) -> Result<Written, CarryError> {
    let names = site.cookies();
    let most_bytes = limit.session_bytes();
    let mut smallest = usize::MAX;
    for left_out in LeftOut::ALL {
        let plaintext = match plaintext(load, left_out) {
            Some(Ok(plaintext)) => plaintext,
            Some(Err(NotPacked { bytes })) => {
                smallest = smallest.min(bytes);
                continue;
            }
            None => continue,
        };
        let text_bytes = (4 * (plaintext.len() + OVERHEAD_BYTES)).div_ceil(3);
        let count = chunks::count_of(text_bytes);
        let bytes = handle_bytes(names) + chunks::field_bytes(names, text_bytes);
        smallest = smallest.min(bytes);
        let (Some(count), true) = (count, bytes <= most_bytes) else {
            continue;
        };
        let belongs_to = belongs_to(site, key, &count);
        let sealed = keys.seal(Purpose::Carried, &belongs_to, &plaintext, nonce)?;
        let sealed_with = sealed_with(&sealed).ok_or(SealError)?;
        let text = URL_SAFE_NO_PAD.encode(sealed);
        let values = chunks::cut(count, &text);
        return Ok(Written {
            lines: (0..)
                .zip(&values)
                .map(|(n, value)| names.set_chunk(n, value, load.max_age_secs))
                .collect(),
            digest: digest_of(values.iter().map(|value| value.as_bytes())),
            bytes,
            left_out,
            sealed_with,
        });
    }
    Err(CarryError::TooLarge {
        bytes: smallest,
        most_bytes,
    })
}

/// The session in the chunks that a browser brought beside the handle of `key`. `None` for everything that
/// is not exactly what [`write()`] made for this site and key.
#[must_use]
pub fn read(brought: &Brought<'_>, site: &Site, key: &StoreKey, keys: &KeyRing) -> Option<Carried> {
    let (count, text) = brought.whole()?;
    let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
    let plaintext = keys
        .open(Purpose::Carried, &belongs_to(site, key, &count), &sealed)
        .ok()?;
    let sealed_with = sealed_with(&sealed)?;
    let (&[form], rest) = plaintext.split_first_chunk()?;
    let (version, rest) = rest.split_first_chunk()?;
    let (last_seen, packed) = rest.split_first_chunk()?;
    if form != FORM {
        return None;
    }
    let encoded = compact::unpack(packed, MOST_RECORD_BYTES)?;
    let record = Record::decode(&encoded).ok()?;
    record.is_of(site).then(|| Carried {
        version: Version::from_number(u64::from_be_bytes(*version)),
        last_seen: UnixTime::from_secs(i64::from_be_bytes(*last_seen)),
        record,
        sealed_with,
    })
}

/// A record of so many bytes that it is not even tried.
struct NotPacked {
    bytes: usize,
}

/// `None` when leaving that out is not allowed.
fn plaintext(load: &Load<'_>, left_out: LeftOut) -> Option<Result<Zeroizing<Vec<u8>>, NotPacked>> {
    let record = load.record;
    let has_refresh_token = record.refresh_token().is_some();
    let lighter;
    let record = match left_out {
        LeftOut::Nothing => record,
        LeftOut::IdToken if !load.id_token_may_go => return None,
        LeftOut::ResourceTokens | LeftOut::AllTokens if !has_refresh_token => return None,
        LeftOut::IdToken | LeftOut::ResourceTokens | LeftOut::AllTokens => {
            lighter = record.lighter(
                load.id_token_may_go,
                left_out >= LeftOut::ResourceTokens,
                left_out == LeftOut::AllTokens,
            );
            &lighter
        }
    };
    let encoded = record.encode();
    if encoded.len() > MOST_RECORD_BYTES {
        let bytes = encoded.len();
        return Some(Err(NotPacked { bytes }));
    }
    let mut text = Zeroizing::new(Vec::with_capacity(HEAD_BYTES + encoded.len()));
    text.push(FORM);
    text.extend_from_slice(&load.version.number().to_be_bytes());
    text.extend_from_slice(&load.last_seen.as_secs().to_be_bytes());
    compact::pack(&encoded, &mut text);
    Some(Ok(text))
}

fn belongs_to<'a>(site: &'a Site, key: &'a StoreKey, count: &'a u8) -> [&'a [u8]; 4] {
    [
        site.origin().as_bytes(),
        site.cookies().session().as_bytes(),
        key.as_bytes(),
        std::slice::from_ref(count),
    ]
}

/// What the handle's cookie takes, with what separates it from the next.
fn handle_bytes(names: &CookieNames) -> usize {
    names.session().len() + 1 + HANDLE_CHARS
}

fn digest_of<'a>(values: impl Iterator<Item = &'a [u8]>) -> Digest {
    let mut context = digest::Context::new(&digest::SHA256);
    for value in values {
        context.update(&(value.len() as u64).to_be_bytes());
        context.update(value);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

#[cfg(test)]
mod tests;
