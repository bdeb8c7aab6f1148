//! The method of a request: a token in upper case that this proxy is willing to forward.

use crate::fields::is_token;
use crate::refusal::Refusal;

/// A request method. Matched exhaustively nowhere, so new names may come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
    /// `OPTIONS`
    Options,
    /// Any other token without lower-case letters, `PROPFIND` for example.
    Extension(Box<str>),
}

impl Method {
    /// Reads a method.
    ///
    /// # Errors
    ///
    /// [`Refusal::MethodMalformed`] for what is no token; [`Refusal::MethodLowerCase`], because
    /// methods are case-sensitive (RFC 9110 §9.1) and an upstream that folds them would see another
    /// method than a rule did; [`Refusal::MethodRefused`] for `CONNECT`, `TRACE` and `TRACK`.
    pub fn parse(raw: &[u8]) -> Result<Self, Refusal> {
        Ok(match raw {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"PATCH" => Self::Patch,
            b"DELETE" => Self::Delete,
            b"OPTIONS" => Self::Options,
            _ if !is_token(raw) || raw.len() > 32 => return Err(Refusal::MethodMalformed),
            _ if raw.iter().any(u8::is_ascii_lowercase) => return Err(Refusal::MethodLowerCase),
            b"CONNECT" | b"TRACE" | b"TRACK" => return Err(Refusal::MethodRefused),
            _ => match std::str::from_utf8(raw) {
                Ok(name) => Self::Extension(name.into()),
                Err(_) => return Err(Refusal::MethodMalformed),
            },
        })
    }

    /// The method as it goes on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Extension(name) => name,
        }
    }

    /// Whether the method is safe (RFC 9110 §9.2.1). Extensions count as unsafe, whatever their
    /// specification says: the same-origin rule must not depend on a registry.
    #[must_use]
    pub const fn is_safe(&self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Options)
    }

    /// Whether a request with this method may be sent again (RFC 9110 §9.2.2).
    #[must_use]
    pub const fn is_idempotent(&self) -> bool {
        self.is_safe() || matches!(self, Self::Put | Self::Delete)
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_that_are_never_forwarded_are_refused() {
        for (raw, refusal) in [
            ("CONNECT", Refusal::MethodRefused),
            ("TRACE", Refusal::MethodRefused),
            ("TRACK", Refusal::MethodRefused),
            ("get", Refusal::MethodLowerCase),
            ("Post", Refusal::MethodLowerCase),
            ("", Refusal::MethodMalformed),
            ("GE T", Refusal::MethodMalformed),
            ("GET\0", Refusal::MethodMalformed),
            ("G\u{00c9}T", Refusal::MethodMalformed),
        ] {
            assert_eq!(Method::parse(raw.as_bytes()), Err(refusal), "{raw:?}");
        }
    }

    #[test]
    fn extension_methods_pass_and_count_as_unsafe() {
        let method = Method::parse(b"PROPFIND").unwrap();
        assert_eq!(method.as_str(), "PROPFIND");
        assert!(!method.is_safe());
    }
}
