//! The path of a request in its one canonical form, the form that is matched, logged and sent on.
//!
//! Canonical means: begins with one `/`, no empty and no dot segments inside, percent triplets in
//! upper case, unreserved characters (RFC 3986 §2.3) never encoded, everything else that a browser
//! may leave raw encoded. Whatever two servers could read differently is refused: encoded
//! separators, double encodings, control bytes, backslashes, text that is not UTF-8, and `;`
//! parameters in a path with dot segments.

use bytes::Bytes;

use crate::refusal::Refusal;

/// A path in canonical form. Only [`CanonicalPath::parse`] makes one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CanonicalPath(Bytes);

impl CanonicalPath {
    /// Reads the path of a request target, without its query.
    ///
    /// Reading the canonical form again gives the same path.
    ///
    /// # Errors
    ///
    /// [`Refusal::TargetForm`], [`Refusal::TargetFragment`], [`Refusal::TargetByte`] and the
    /// `Path…` refusals.
    pub fn parse(raw: &Bytes) -> Result<Self, Refusal> {
        match raw.as_ref() {
            // RFC 3986 §4.2: `//x` would be an authority to whoever parses the target as a
            // reference.
            [b'/', b'/', ..] => return Err(Refusal::TargetForm),
            [b'/', ..] => {}
            _ => return Err(Refusal::TargetForm),
        }
        if raw.iter().all(|&byte| is_plain(byte)) && !has_odd_segments(raw) {
            return Ok(Self(raw.clone()));
        }
        let encoded = canonical_bytes(raw)?;
        check_utf8(&encoded)?;
        remove_segments(&encoded).map(|path| Self(path.into()))
    }

    /// The path as it goes on the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// The path as text. A canonical path is ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The same path, by itself: as it was read it is a part of the head and keeps that in memory.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// Whether a segment carries a `;`, raw or encoded, which some upstreams cut off.
    #[must_use]
    pub(crate) fn has_parameters(&self) -> bool {
        memchr::memchr(b';', &self.0).is_some() || memchr::memmem::find(&self.0, b"%3B").is_some()
    }

    /// This path as an upstream sees it that cuts `;…` off every segment.
    pub(crate) fn without_parameters(&self) -> Self {
        let mut path = Vec::with_capacity(self.0.len());
        for segment in self.0.split(|&byte| byte == b'/').skip(1) {
            let raw = memchr::memchr(b';', segment).unwrap_or(segment.len());
            let encoded = memchr::memmem::find(segment, b"%3B").unwrap_or(segment.len());
            path.push(b'/');
            path.extend_from_slice(segment.get(..raw.min(encoded)).unwrap_or_default());
        }
        // Cutting can leave empty segments; dot segments it can't, they were refused.
        let mut merged: Vec<u8> = Vec::with_capacity(path.len());
        for byte in path {
            if byte != b'/' || merged.last() != Some(&b'/') {
                merged.push(byte);
            }
        }
        Self(merged.into())
    }
}

impl std::fmt::Debug for CanonicalPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl std::fmt::Display for CanonicalPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The beginning of a path that a route owns: `/`, `/foo`, `/foo/bar`. Without a slash at the end.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PathPrefix {
    path: CanonicalPath,
    decoded: Vec<u8>,
}

impl PathPrefix {
    /// Reads a prefix. One slash at the end is allowed and means nothing.
    ///
    /// # Errors
    ///
    /// What [`CanonicalPath::parse`] refuses, and [`Refusal::PathParameter`] for a prefix with `;`,
    /// which upstreams would not agree on.
    pub fn parse(raw: &str) -> Result<Self, Refusal> {
        let path = CanonicalPath::parse(&Bytes::copy_from_slice(raw.as_bytes()))?;
        if path.has_parameters() {
            return Err(Refusal::PathParameter);
        }
        let path = match path.0.as_ref() {
            [_, .., b'/'] => CanonicalPath(path.0.slice(..path.0.len() - 1)),
            _ => path,
        };
        let decoded = decode(&path.0).collect();
        Ok(Self { path, decoded })
    }

    /// `/`, the prefix of every path.
    #[must_use]
    pub fn root() -> Self {
        Self {
            path: CanonicalPath(Bytes::from_static(b"/")),
            decoded: b"/".to_vec(),
        }
    }

    /// The prefix as a path of its own.
    #[must_use]
    pub(crate) fn to_path(&self) -> CanonicalPath {
        self.path.clone()
    }

    /// Whether both prefixes own the same paths.
    #[must_use]
    pub(crate) fn covers_same_as(&self, other: &Self) -> bool {
        self.decoded == other.decoded
    }

    /// The prefix in canonical form; `/` for the root.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.path.as_str()
    }

    /// Whether this is `/`, the prefix of every path.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.decoded == b"/"
    }

    /// Its length in decoded bytes, by which the longer of two prefixes is found.
    #[must_use]
    pub(crate) fn length(&self) -> usize {
        self.decoded.len()
    }

    /// What follows the prefix in `path`, if `path` lies under it: `/foo` and `/foo/…`, never
    /// `/foobar`. The rest is empty or begins with `/`.
    ///
    /// Both sides are compared decoded, as an upstream that decodes once would compare them. That
    /// is sound because a canonical path holds no encoded separator.
    #[must_use]
    pub fn rest_of<'p>(&self, path: &'p CanonicalPath) -> Option<&'p [u8]> {
        if self.is_root() {
            return Some(&path.0);
        }
        let mut rest: &[u8] = &path.0;
        for &expected in &self.decoded {
            let (byte, after) = decode_first(rest)?;
            if byte != expected {
                return None;
            }
            rest = after;
        }
        matches!(rest, [] | [b'/', ..]).then_some(rest)
    }

    /// The path without this prefix, read again as if it had come from outside.
    ///
    /// # Errors
    ///
    /// What [`CanonicalPath::parse`] refuses; that it refuses nothing here is a property test.
    pub fn remove_from(&self, path: &CanonicalPath) -> Result<CanonicalPath, Refusal> {
        match self.rest_of(path) {
            Some([]) => CanonicalPath::parse(&Bytes::from_static(b"/")),
            Some(rest) => CanonicalPath::parse(&path.0.slice_ref(rest)),
            None => Err(Refusal::TargetForm),
        }
    }
}

impl std::fmt::Debug for PathPrefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// Bytes that are themselves in canonical form and need no look around them.
const fn is_plain(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(
            byte,
            b'/' | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b'='
                | b':'
                | b'@'
        )
}

/// RFC 3986 §2.3.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Whether there is an empty segment or one of dots only.
fn has_odd_segments(path: &[u8]) -> bool {
    let segments = path.get(1..).unwrap_or_default();
    let mut rest = segments.split(|&byte| byte == b'/').peekable();
    while let Some(segment) = rest.next() {
        let last = rest.peek().is_none();
        if matches!(segment, b"." | b"..") || (segment.is_empty() && !last) {
            return true;
        }
    }
    false
}

/// Brings every byte and triplet into canonical form, refusing what is ambiguous.
fn canonical_bytes(raw: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'%' => {
                let [high, low, after @ ..] = rest else {
                    return Err(Refusal::PathPercent);
                };
                let value = hex_pair(*high, *low).ok_or(Refusal::PathPercent)?;
                rest = after;
                if is_ambiguous(value) {
                    return Err(Refusal::PathAmbiguousEncoding);
                }
                if is_unreserved(value) {
                    out.push(value);
                } else {
                    push_encoded(&mut out, value);
                }
            }
            // WHATWG URL's path percent-encode set leaves these raw, RFC 3986 does not allow them.
            b'[' | b']' | b'|' | b'^' => push_encoded(&mut out, byte),
            b'\\' => return Err(Refusal::PathBackslash),
            b'#' => return Err(Refusal::TargetFragment),
            b';' => out.push(byte),
            _ if is_plain(byte) => out.push(byte),
            _ => return Err(Refusal::TargetByte),
        }
    }
    // Looked at once the digits are decoded themselves, or `%25%32%66` would slip through.
    let mut double = memchr::memmem::find_iter(&out, b"%25");
    if double.any(|at| hides_ambiguity(out.get(at + 3..).unwrap_or_default())) {
        return Err(Refusal::PathAmbiguousEncoding);
    }
    Ok(out)
}

/// Bytes whose encoded form would mean one thing to us and another to whoever decodes first.
const fn is_ambiguous(value: u8) -> bool {
    matches!(value, b'/' | b'\\' | b'#' | b'?' | 0x00..=0x1f | 0x7f)
}

/// Whether what follows a `%25` becomes ambiguous for a server that decodes twice, or more often.
fn hides_ambiguity(after: &[u8]) -> bool {
    let mut rest = after;
    while let [b'2', b'5', deeper @ ..] = rest {
        rest = deeper;
    }
    match rest {
        [high, low, ..] => {
            hex_pair(*high, *low).is_some_and(|value| is_ambiguous(value) || value == b'.')
        }
        _ => false,
    }
}

/// Refuses overlong forms, surrogates and every other byte sequence that is not UTF-8.
fn check_utf8(path: &[u8]) -> Result<(), Refusal> {
    let decoded: Vec<u8> = decode(path).collect();
    std::str::from_utf8(&decoded)
        .map(|_| ())
        .map_err(|_| Refusal::PathUtf8)
}

/// Merges slashes, then removes dot segments (RFC 3986 §5.2.4).
fn remove_segments(path: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut dots = false;
    let mut parameters = false;
    let mut ends_in_slash = false;
    for segment in path.split(|&byte| byte == b'/').skip(1) {
        ends_in_slash = true;
        let (name, has_parameter) = cut_parameter(segment);
        parameters |= has_parameter;
        dots |= matches!(name, b"." | b"..");
        match name {
            b".." => drop(kept.pop()),
            b"." => {}
            _ if segment.is_empty() => {}
            _ => {
                kept.push(segment);
                ends_in_slash = false;
            }
        }
    }
    // `/public/;/../admin` and `/public/..;/admin` are where servers disagree; both need the two.
    if dots && parameters {
        return Err(Refusal::PathParameter);
    }
    let mut out = Vec::with_capacity(path.len());
    for segment in &kept {
        out.push(b'/');
        out.extend_from_slice(segment);
    }
    if ends_in_slash || kept.is_empty() {
        out.push(b'/');
    }
    Ok(out)
}

/// A segment up to its first `;`, and whether there was one. An encoded `;` counts: a server that
/// decodes first sees it.
fn cut_parameter(segment: &[u8]) -> (&[u8], bool) {
    let raw = memchr::memchr(b';', segment).unwrap_or(segment.len());
    let encoded = memchr::memmem::find(segment, b"%3B").unwrap_or(segment.len());
    let end = raw.min(encoded);
    (segment.get(..end).unwrap_or_default(), end < segment.len())
}

fn push_encoded(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.push(b'%');
    for digit in [byte >> 4, byte & 0x0f] {
        out.push(HEX.get(usize::from(digit)).copied().unwrap_or(b'0'));
    }
}

const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

const fn hex_pair(high: u8, low: u8) -> Option<u8> {
    match (hex_value(high), hex_value(low)) {
        (Some(high), Some(low)) => Some(high << 4 | low),
        _ => None,
    }
}

/// The first byte of a canonical path once decoded, and what follows.
fn decode_first(path: &[u8]) -> Option<(u8, &[u8])> {
    match path {
        [b'%', high, low, rest @ ..] => Some((hex_pair(*high, *low)?, rest)),
        [byte, rest @ ..] => Some((*byte, rest)),
        [] => None,
    }
}

fn decode(path: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let mut rest = path;
    std::iter::from_fn(move || {
        let (byte, after) = decode_first(rest)?;
        rest = after;
        Some(byte)
    })
}

#[cfg(test)]
mod tests;
