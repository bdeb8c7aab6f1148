//! The names that somebody here asks for, or that nearly every head has: a field learns once, when it is read or made, which of
//! them its name is, and from then on questions about names are questions about bits.

macro_rules! known {
    ($($variant:ident = $name:literal,)*) => {
        /// A field name that is known, in any spelling that RFC 9110 §5.1 takes for the same. Matched exhaustively nowhere, so
        /// new names may come, to the number of 64.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Known {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        const ALL: [Known; COUNT] = [$(Known::$variant,)*];
        const NAMES: [&str; COUNT] = [$($name,)*];
        const COUNT: usize = [$($name,)*].len();
    };
}

known! {
    // The connection and the framing.
    Connection = "connection",
    ContentLength = "content-length",
    Expect = "expect",
    Host = "host",
    Http2Settings = "http2-settings",
    KeepAlive = "keep-alive",
    Proxy = "proxy",
    ProxyAuthenticate = "proxy-authenticate",
    ProxyAuthorization = "proxy-authorization",
    ProxyConnection = "proxy-connection",
    Te = "te",
    Trailer = "trailer",
    TransferEncoding = "transfer-encoding",
    Upgrade = "upgrade",
    SecWebsocketKey = "sec-websocket-key",
    SecWebsocketVersion = "sec-websocket-version",
    // What proxies tell.
    Forwarded = "forwarded",
    XForwardedFor = "x-forwarded-for",
    XForwardedHost = "x-forwarded-host",
    XForwardedPort = "x-forwarded-port",
    XForwardedPrefix = "x-forwarded-prefix",
    XForwardedProto = "x-forwarded-proto",
    XRealIp = "x-real-ip",
    XScheme = "x-scheme",
    // Who asks, and from where.
    Authorization = "authorization",
    Cookie = "cookie",
    From = "from",
    Origin = "origin",
    Referer = "referer",
    SecFetchDest = "sec-fetch-dest",
    SecFetchMode = "sec-fetch-mode",
    SecFetchSite = "sec-fetch-site",
    SecFetchUser = "sec-fetch-user",
    SecPurpose = "sec-purpose",
    UserAgent = "user-agent",
    XRequestedWith = "x-requested-with",
    AccessControlRequestHeaders = "access-control-request-headers",
    AccessControlRequestMethod = "access-control-request-method",
    // What is asked for.
    Accept = "accept",
    AcceptEncoding = "accept-encoding",
    AcceptLanguage = "accept-language",
    IfModifiedSince = "if-modified-since",
    IfNoneMatch = "if-none-match",
    IfRange = "if-range",
    IfUnmodifiedSince = "if-unmodified-since",
    MaxForwards = "max-forwards",
    Range = "range",
    UpgradeInsecureRequests = "upgrade-insecure-requests",
    // Contents and answers.
    AccessControlAllowOrigin = "access-control-allow-origin",
    AltSvc = "alt-svc",
    CacheControl = "cache-control",
    ContentEncoding = "content-encoding",
    ContentLocation = "content-location",
    ContentRange = "content-range",
    ContentType = "content-type",
    Date = "date",
    Etag = "etag",
    LastModified = "last-modified",
    Location = "location",
    Server = "server",
    SetCookie = "set-cookie",
    StrictTransportSecurity = "strict-transport-security",
    Vary = "vary",
    WwwAuthenticate = "www-authenticate",
}

impl Known {
    /// Which name this is, ASCII case aside.
    #[must_use]
    #[inline]
    pub fn of(name: &[u8]) -> Option<Self> {
        let known = (*TABLE.get(slot(key(name)))?)?;
        same(name, known.name().as_bytes()).then_some(known)
    }

    /// The name in lower case.
    #[must_use]
    #[inline]
    pub fn name(self) -> &'static str {
        NAMES.get(self as usize).copied().unwrap_or_default()
    }

    const fn bit(self) -> u64 {
        1 << self as u8
    }
}

/// A set of known names.
///
/// ```
/// use vestibule_http1::fields::{Known, KnownSet};
/// const FRAMING: KnownSet = KnownSet::of([Known::ContentLength, Known::TransferEncoding]);
/// assert!(FRAMING.contains(Known::ContentLength) && !FRAMING.contains(Known::Te));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KnownSet(u64);

impl KnownSet {
    /// No name.
    pub const NONE: Self = Self(0);

    /// These names.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "the loop ends before the array does"
    )]
    pub const fn of<const N: usize>(names: [Known; N]) -> Self {
        let mut set = Self::NONE;
        let mut at = 0;
        while at < N {
            set = set.with(names[at]);
            at += 1;
        }
        set
    }

    /// Those of all known names for which `belongs` says so.
    #[must_use]
    pub fn where_name(mut belongs: impl FnMut(&'static str) -> bool) -> Self {
        ALL.into_iter()
            .filter(|known| belongs(known.name()))
            .fold(Self::NONE, Self::with)
    }

    /// The names, each once.
    pub fn iter(self) -> impl Iterator<Item = Known> {
        ALL.into_iter().filter(move |known| self.contains(*known))
    }

    /// These names and that one.
    #[must_use]
    pub const fn with(self, name: Known) -> Self {
        Self(self.0 | name.bit())
    }

    /// The names of either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The names of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// These names but not those.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether `name` is one of these.
    #[must_use]
    #[inline]
    pub const fn contains(self, name: Known) -> bool {
        self.0 & name.bit() != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Whether a name is this known one.
#[inline]
fn same(name: &[u8], lower: &[u8]) -> bool {
    if name.len() != lower.len() {
        return false;
    }
    if let (Some(last), Some(lower_last)) = (name.last_chunk(), lower.last_chunk()) {
        let mut words = name.as_chunks().0.iter().zip(lower.as_chunks().0);
        same_word(u64::from_ne_bytes(*last), u64::from_ne_bytes(*lower_last))
            && words.all(|(a, b)| same_word(u64::from_ne_bytes(*a), u64::from_ne_bytes(*b)))
    } else if let (Some(ends), Some(lower_ends)) = (ends(name), ends(lower)) {
        same_word(ends, lower_ends)
    } else {
        name.eq_ignore_ascii_case(lower)
    }
}

/// The first four bytes and the last four, which are all of a name of four to eight bytes.
#[inline]
fn ends(name: &[u8]) -> Option<u64> {
    let first = u32::from_ne_bytes(*name.first_chunk()?);
    let last = u32::from_ne_bytes(*name.last_chunk()?);
    Some(u64::from(first) << 32 | u64::from(last))
}

/// [`same`] for eight bytes at once.
#[inline]
const fn same_word(word: u64, lower: u64) -> bool {
    // Of what known names are made of, only letters have this bit, and the one below it is their case.
    let letters = lower & 0x4040_4040_4040_4040;
    (word ^ lower) & !(letters >> 1) == 0
}

const _: () = assert!(COUNT <= 64, "a set has 64 bits");

const SLOT_BITS: u32 = 9;
const SLOTS: usize = 1 << SLOT_BITS;

/// What tells known names apart: the length and three bytes, all the same for all spellings.
#[inline]
const fn key(name: &[u8]) -> u32 {
    let (first, fourth_last, last) = match name {
        [first, .., fourth_last, _, _, last] => (*first, *fourth_last, *last),
        [first, .., last] => (*first, 0, *last),
        [only] => (*only, 0, 0),
        [] => (0, 0, 0),
    };
    let length = name.len() as u8;
    u32::from_le_bytes([length, first | 0x20, fourth_last | 0x20, last | 0x20])
}

#[inline]
const fn slot(key: u32) -> usize {
    key.wrapping_mul(MULTIPLIER) as usize >> (32 - SLOT_BITS)
}

/// Found by trying: with it, no two known names have the same slot, which the compiler checks.
const MULTIPLIER: u32 = 0x3099_fdf5;

/// The one name that may have a key of this slot.
static TABLE: [Option<Known>; SLOTS] = table();

#[expect(
    clippy::indexing_slicing,
    reason = "run by the compiler, which checks it"
)]
const fn table() -> [Option<Known>; SLOTS] {
    let mut table = [None; SLOTS];
    let mut at = 0;
    while at < COUNT {
        let name = NAMES[at].as_bytes();
        let mut byte = 0;
        while byte < name.len() {
            assert!(matches!(name[byte], b'a'..=b'z' | b'0'..=b'9' | b'-'));
            byte += 1;
        }
        let slot = slot(key(name));
        assert!(table[slot].is_none(), "try another multiplier");
        table[slot] = Some(ALL[at]);
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_name_is_known_in_any_case() {
        for known in ALL {
            let name = known.name();
            assert_eq!(Known::of(name.as_bytes()), Some(known));
            assert_eq!(Known::of(name.to_uppercase().as_bytes()), Some(known));
        }
    }

    #[test]
    fn a_name_that_differs_in_any_byte_is_another() {
        for known in ALL {
            let name = known.name().as_bytes();
            for at in 0..name.len() {
                for byte in 0..=u8::MAX {
                    let mut other = name.to_vec();
                    other[at] = byte;
                    let same = other.eq_ignore_ascii_case(name);
                    assert_eq!(Known::of(&other) == Some(known), same, "{other:?}");
                }
            }
            assert_ne!(Known::of(&name[1..]), Some(known));
            assert_ne!(Known::of(&[name, b"s"].concat()), Some(known));
        }
        assert_eq!(Known::of(b""), None);
        assert_eq!(Known::of(&[b'x'; 300]), None);
    }

    #[test]
    fn spellings_that_only_servers_take_for_the_same_are_not_known() {
        for name in ["content_length", "contentlength", "Content.Length"] {
            assert_eq!(Known::of(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn a_set_holds_what_was_put_into_it() {
        let some = [Known::Te, Known::WwwAuthenticate, Known::Connection];
        let set = KnownSet::of(some);
        for known in ALL {
            assert_eq!(set.contains(known), some.contains(&known));
        }
        assert_eq!(KnownSet::of([Known::Te, Known::Host]).iter().count(), 2);
        assert_eq!(
            KnownSet::where_name(|name| set.contains(Known::of(name.as_bytes()).unwrap())),
            set
        );
        assert!(KnownSet::where_name(|_| false).is_empty());
        let other = KnownSet::of([Known::Te, Known::Host]);
        assert_eq!(set.and(other), KnownSet::of([Known::Te]));
        assert_eq!(set.or(other), set.with(Known::Host));
        assert_eq!(other.without(set), KnownSet::of([Known::Host]));
    }
}
