//! The attributes that a route gives the cookies of its upstream's answers (RFC 6265 §4.1).
//!
//! Ours have their own, and are not concerned.

use crate::fields::{Fields, Known};

/// On which requests that other sites begin a cookie is sent. Exhaustive: each has its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// On none.
    Strict,
    /// On those that a person follows.
    Lax,
    /// On all; browsers take it only with `Secure`.
    None,
}

impl SameSite {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

/// What each cookie of the upstream has, whatever the upstream said. Default nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AnswerCookies {
    /// Sent over TLS alone.
    pub secure: bool,
    /// Out of reach of scripts.
    pub http_only: bool,
    /// `SameSite`; default what the upstream says.
    pub same_site: Option<SameSite>,
}

impl AnswerCookies {
    /// Changes the cookies of an answer: each gets what it lacks.
    pub fn apply(&self, fields: &mut Fields) {
        if *self == Self::default() {
            return;
        }
        fields.rewrite(|field| match field.known? {
            Known::SetCookie => Some(self.with(field.value)),
            _ => None,
        });
    }

    /// RFC 6265bis §5.6: of attributes of one name the last counts, so one that says otherwise is outdone.
    fn with(&self, cookie: &[u8]) -> Vec<u8> {
        let mut out = cookie.to_vec();
        if self.secure && attribute(cookie, "Secure").is_none() {
            out.extend_from_slice(b"; Secure");
        }
        if self.http_only && attribute(cookie, "HttpOnly").is_none() {
            out.extend_from_slice(b"; HttpOnly");
        }
        if let Some(same_site) = self.same_site.map(SameSite::as_str) {
            let said = attribute(cookie, "SameSite");
            if !said.is_some_and(|said| said.eq_ignore_ascii_case(same_site.as_bytes())) {
                out.extend_from_slice(b"; SameSite=");
                out.extend_from_slice(same_site.as_bytes());
            }
        }
        out
    }
}

/// The value of an attribute, the last of its name.
fn attribute<'c>(cookie: &'c [u8], name: &str) -> Option<&'c [u8]> {
    let attributes = cookie.split(|&byte| byte == b';').skip(1);
    let named = attributes.map(|attribute| {
        let mut parts = attribute.splitn(2, |&byte| byte == b'=');
        let name = parts.next().unwrap_or_default().trim_ascii();
        (name, parts.next().unwrap_or_default().trim_ascii())
    });
    let mut found = named.filter(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
    let (_, first) = found.next()?;
    Some(found.last().map_or(first, |(_, last)| last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cookie_gets_what_it_lacks() {
        let all = AnswerCookies {
            secure: true,
            http_only: true,
            same_site: Some(SameSite::Lax),
        };
        let nothing = AnswerCookies::default();
        for (attributes, cookie, expected) in [
            (nothing, "a=b; Path=/", "a=b; Path=/"),
            (all, "a=b", "a=b; Secure; HttpOnly; SameSite=Lax"),
            (
                all,
                "a=Secure; httponly;SECURE ; SameSite = lax",
                "a=Secure; httponly;SECURE ; SameSite = lax",
            ),
            (
                all,
                "secure=HttpOnly; Path=/x; SameSite=None",
                "secure=HttpOnly; Path=/x; SameSite=None; Secure; HttpOnly; SameSite=Lax",
            ),
            (
                all,
                "a=b; Secure; HttpOnly; SameSite=Lax; SameSite=None",
                "a=b; Secure; HttpOnly; SameSite=Lax; SameSite=None; SameSite=Lax",
            ),
        ] {
            let mut fields = Fields::new();
            fields.push("Set-Cookie", "first=1; Secure; HttpOnly; SameSite=Lax");
            fields.push("X-Set-Cookie", cookie);
            fields.push("set-cookie", cookie);
            attributes.apply(&mut fields);
            let cookies: Vec<&[u8]> = fields.all("Set-Cookie").collect();
            let first = &b"first=1; Secure; HttpOnly; SameSite=Lax"[..];
            assert_eq!(cookies, [first, expected.as_bytes()], "{cookie}");
            assert_eq!(fields.first("x-set-cookie"), Some(cookie.as_bytes()));
        }
    }
}
