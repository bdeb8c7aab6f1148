//! A form that met a sign-in, kept until the person is back and then sent again.
//!
//! It is sealed for its site and its own id. The id is in the sealed cookie of the sign-in alone, so
//! only the browser that sent the form gets it back.

use std::borrow::Cow;
use std::fmt;

use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::record::Record;
use crate::return_to::ReturnTo;
use crate::seal::{KeyRing, NONCE_BYTES, Purpose, SealError};
use crate::site::Site;

/// Bytes of randomness in an id.
pub const ID_BYTES: usize = 16;

/// Names one kept form. Whoever knows it and has its sign-in's cookie may send the form.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeptPostId([u8; ID_BYTES]);

/// Who was signed in when a form was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The issuer.
    pub issuer: String,
    /// The subject.
    pub subject: String,
}

/// What is known of who was signed in when a form was sent.
///
/// Matched exhaustively where it is decided who may send the form by a page alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// Nobody: no session cookie came with it.
    Nobody,
    /// Somebody whose session is no longer known.
    Unknown,
    /// The person of this session, which had just ended.
    Known(Sender),
}

/// One form.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptPost {
    /// Where it was sent to, and is sent again.
    pub target: ReturnTo,
    /// The body, `application/x-www-form-urlencoded`.
    pub form: Zeroizing<Vec<u8>>,
    /// Who was signed in.
    pub author: Author,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Wire<'a> {
    #[b(0)]
    target: &'a str,
    #[cbor(b(1), with = "minicbor::bytes")]
    form: &'a [u8],
    #[b(2)]
    issuer: Option<Cow<'a, str>>,
    #[b(3)]
    subject: Option<Cow<'a, str>>,
    #[n(4)]
    unknown: bool,
}

impl KeptPostId {
    /// An id of fresh randomness.
    #[must_use]
    pub const fn from_entropy(bytes: [u8; ID_BYTES]) -> Self {
        Self(bytes)
    }

    /// The id with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; ID_BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; ID_BYTES] {
        &self.0
    }
}

impl fmt::Debug for KeptPostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeptPostId(…)")
    }
}

impl fmt::Debug for KeptPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never what somebody typed.
        f.debug_struct("KeptPost")
            .field("form_bytes", &self.form.len())
            .finish_non_exhaustive()
    }
}

impl Sender {
    /// Whose session this is.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        Self {
            issuer: record.issuer().to_owned(),
            subject: record.subject().to_owned(),
        }
    }
}

impl KeptPost {
    /// Seals the form under this id.
    ///
    /// # Errors
    ///
    /// [`SealError`].
    pub fn seal(
        &self,
        id: &KeptPostId,
        site: &Site,
        keys: &KeyRing,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Vec<u8>, SealError> {
        let sender = match &self.author {
            Author::Known(sender) => Some(sender),
            Author::Nobody | Author::Unknown => None,
        };
        let wire = Wire {
            target: self.target.as_str(),
            form: &self.form,
            issuer: sender.map(|sender| Cow::from(&sender.issuer)),
            subject: sender.map(|sender| Cow::from(&sender.subject)),
            unknown: self.author == Author::Unknown,
        };
        // Large enough that the bytes are never moved, which would leave a copy behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.form.len() + 4096));
        minicbor::encode(&wire, &mut *bytes).map_err(|_| SealError)?;
        keys.seal(Purpose::KeptPost, &belongs_to(site, id), &bytes, nonce)
    }

    /// Opens what was sealed under this id. `None` if it does not open, or its target is none by the
    /// rules of today.
    #[must_use]
    pub fn open(sealed: &[u8], id: &KeptPostId, site: &Site, keys: &KeyRing) -> Option<Self> {
        let bytes = keys
            .open(Purpose::KeptPost, &belongs_to(site, id), sealed)
            .ok()?;
        let wire: Wire<'_> = minicbor::decode(&bytes).ok()?;
        Some(Self {
            target: ReturnTo::parse(wire.target.as_bytes()).ok()?,
            form: Zeroizing::new(wire.form.to_vec()),
            author: match (wire.issuer.zip(wire.subject), wire.unknown) {
                (Some((issuer, subject)), _) => Author::Known(Sender {
                    issuer: issuer.into_owned(),
                    subject: subject.into_owned(),
                }),
                (None, true) => Author::Unknown,
                (None, false) => Author::Nobody,
            },
        })
    }
}

fn belongs_to<'a>(site: &'a Site, id: &'a KeptPostId) -> [&'a [u8]; 2] {
    [site.origin().as_bytes(), id.as_bytes()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::SealingKey;

    fn keys() -> KeyRing {
        KeyRing::new(vec![
            SealingKey::from_bytes(&std::array::from_fn(|at| at as u8)).unwrap(),
        ])
        .unwrap()
    }

    fn post() -> KeptPost {
        KeptPost {
            target: ReturnTo::parse(b"/app/save?draft=1").unwrap(),
            form: Zeroizing::new(b"text=a+b%26c".to_vec()),
            author: Author::Known(Sender {
                issuer: "https://idp.example.com".to_owned(),
                subject: "ann".to_owned(),
            }),
        }
    }

    const ID: KeptPostId = KeptPostId::from_entropy([3; ID_BYTES]);

    #[test]
    fn a_kept_form_comes_back_as_it_was_and_only_under_its_id_and_on_its_site() {
        let site = Site::https("portal.example.com", 443).unwrap();
        let sealed = post().seal(&ID, &site, &keys(), [1; NONCE_BYTES]).unwrap();
        assert_eq!(KeptPost::open(&sealed, &ID, &site, &keys()), Some(post()));
        for author in [Author::Nobody, Author::Unknown] {
            let other = KeptPost { author, ..post() };
            let again = other.seal(&ID, &site, &keys(), [2; NONCE_BYTES]).unwrap();
            assert_eq!(KeptPost::open(&again, &ID, &site, &keys()), Some(other));
        }
        let other_id = KeptPostId::from_entropy([4; ID_BYTES]);
        assert_eq!(KeptPost::open(&sealed, &other_id, &site, &keys()), None);
        let other_site = Site::https("other.example.com", 443).unwrap();
        assert_eq!(KeptPost::open(&sealed, &ID, &other_site, &keys()), None);
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(KeptPost::open(&altered, &ID, &site, &keys()), None, "{at}");
        }
    }

    #[test]
    fn debug_output_never_shows_what_somebody_typed() {
        let shown = format!("{:?} {ID:?}", post());
        assert!(!shown.contains("text") && !shown.contains('3'), "{shown}");
    }
}
