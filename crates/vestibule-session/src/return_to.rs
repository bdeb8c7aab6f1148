//! Where the person goes after sign-in: a path and query of our own, never another origin.
//!
//! The target is kept on our side while the person is at the provider, and read again when they
//! come back. It is refused when any browser, or any proxy that decodes it first, could take it for
//! an absolute or a network-path reference (RFC 3986 §4.2), or when it is one of our own endpoints,
//! which would send the person round in circles.

/// The longest target. It travels in a sealed cookie, of which browsers keep 4096 bytes.
pub const LONGEST_BYTES: usize = 2048;

/// Below this prefix live our own endpoints.
const OWN_PREFIX: &[u8] = b"/.vestibule";

/// Percent-encodings within percent-encodings that are looked through.
const DECODE_ROUNDS: usize = 4;

/// A path and optional query on our own origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(String);

/// Why a text is not a place to return to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReturnToError {
    /// It is longer than [`LONGEST_BYTES`].
    #[error("return to a target of {found} bytes")]
    TooLong {
        /// How long it is.
        found: usize,
    },
    /// It does not begin with `/`.
    #[error("return to a target that is not a path")]
    NotAPath,
    /// It begins, or begins once decoded, as a reference to another host.
    #[error("return to a target that names a host")]
    NamesAHost,
    /// It contains a control character, white space, `\`, `#` or something outside ASCII, in the
    /// path also percent-encoded.
    #[error("return to a target with the character {found:#04x}")]
    Character {
        /// The byte.
        found: u8,
    },
    /// A path segment is `.` or `..`, possibly percent-encoded.
    #[error("return to a target with dot segments")]
    DotSegment,
    /// It is one of our own endpoints.
    #[error("return to one of the proxy's own endpoints")]
    OwnEndpoint,
}

impl ReturnTo {
    /// The root of the site.
    #[must_use]
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// Reads a target that a request asks for.
    ///
    /// # Errors
    ///
    /// [`ReturnToError`].
    pub fn parse(text: &[u8]) -> Result<Self, ReturnToError> {
        if text.len() > LONGEST_BYTES {
            return Err(ReturnToError::TooLong { found: text.len() });
        }
        if text.first() != Some(&b'/') {
            return Err(ReturnToError::NotAPath);
        }
        let mut target = String::with_capacity(text.len());
        for &byte in text {
            // Visible ASCII, of which browsers read `\` as `/` and cut off what follows `#`.
            if !byte.is_ascii_graphic() || matches!(byte, b'\\' | b'#') {
                return Err(ReturnToError::Character { found: byte });
            }
            target.push(char::from(byte));
        }
        let path = text.split(|b| *b == b'?').next().unwrap_or_default();
        judge_path(path)?;
        Ok(Self(target))
    }

    /// The target of a request that was sent to sign in. What cannot be returned to exactly is
    /// returned to without its query, and failing that, to the root.
    #[must_use]
    pub fn of_request(path: &[u8], query: Option<&[u8]>) -> Self {
        let whole = match query {
            Some(query) => [path, b"?", query].concat(),
            None => path.to_vec(),
        };
        Self::parse(&whole)
            .or_else(|_| Self::parse(path))
            .unwrap_or_else(|_| Self::root())
    }

    /// The target, for a `Location` header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Looks at the path as it stands and as it would be after each decoding.
fn judge_path(path: &[u8]) -> Result<(), ReturnToError> {
    let mut seen = path.to_vec();
    for _ in 0..=DECODE_ROUNDS {
        if let Some(found) = seen.iter().find(|b| b.is_ascii_control() || **b == b'\\') {
            return Err(ReturnToError::Character { found: *found });
        }
        if seen.starts_with(b"//") {
            return Err(ReturnToError::NamesAHost);
        }
        let mut segments = seen.split(|b| *b == b'/');
        if segments.any(|segment| matches!(segment, b"." | b"..")) {
            return Err(ReturnToError::DotSegment);
        }
        let own = seen.get(..OWN_PREFIX.len());
        if own.is_some_and(|own| own.eq_ignore_ascii_case(OWN_PREFIX))
            && matches!(seen.get(OWN_PREFIX.len()), None | Some(b'/' | b';'))
        {
            return Err(ReturnToError::OwnEndpoint);
        }
        match decode_once(&seen) {
            Some(decoded) => seen = decoded,
            None => return Ok(()),
        }
    }
    // More layers of encoding than anybody writes by accident.
    Err(ReturnToError::Character { found: b'%' })
}

/// The path with one layer of percent-encoding taken off; `None` when there is none.
fn decode_once(path: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    let mut changed = false;
    while let [first, after @ ..] = rest {
        if let (b'%', [high, low, after @ ..]) = (*first, after)
            && let (Some(high), Some(low)) = (
                char::from(*high).to_digit(16),
                char::from(*low).to_digit(16),
            )
            && let Ok(byte) = u8::try_from(high << 4 | low)
        {
            decoded.push(byte);
            changed = true;
            rest = after;
        } else {
            decoded.push(*first);
            rest = after;
        }
    }
    changed.then_some(decoded)
}

#[cfg(test)]
mod tests;
