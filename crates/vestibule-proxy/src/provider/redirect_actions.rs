//! What a provider's redirect path answers besides taking answers, and where that may send people.

use url::{Position, Url};
use vestibule_session::return_to::{ReturnTo, ReturnToError};
use vestibule_session::site::Site;

/// What the redirect path answers as mod_auth_openidc does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RedirectActions {
    /// Below these addresses people may be sent too; nowhere but to this site if there is none. No query, no fragment.
    pub return_urls: Vec<Url>,
    /// Where people are sent who sign out without saying where to; `None`: our own page.
    pub signed_out: Option<Target>,
    /// What `info=` tells; nothing at all if it is empty.
    pub info: Vec<SessionFact>,
}

/// One member of what `info=` tells. Exhaustive: each is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionFact {
    /// `iat`: now.
    Now,
    /// `id_token`: the claims of the ID token.
    IdTokenClaims,
    /// `userinfo`: the claims of user info.
    UserInfo,
    /// `access_token_expires`: when the sign-in's own access token expires.
    AccessTokenExpires,
    /// `exp`: when the session ends at the latest.
    Ends,
    /// `timeout`: when it ends if nobody uses it.
    IdleEnds,
    /// `remote_user`: the name of the person, by the first route that needs sign-in.
    User,
    /// `access_token`: the sign-in's own access token. Whoever runs a script on the page has it.
    AccessToken,
    /// `refresh_token`: the same holds.
    RefreshToken,
    /// `id_token_hint`: the compact ID token. The same holds.
    IdToken,
}

/// Where a person is sent: the one judge of addresses that come with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A page of this site.
    Here(ReturnTo),
    /// An address elsewhere, below one that the operator allowed.
    Elsewhere(Url),
}

/// Why nobody is sent to an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// A page of this site, in a form that browsers may read otherwise.
    #[error("send people to a page of this site")]
    Here(#[from] ReturnToError),
    /// It is no whole address, or has characters that browsers read otherwise, a name or a password.
    #[error("send people to an address that can't be read without doubt")]
    Unclear,
    /// It is not below any address that is allowed.
    #[error("send people to an address that is not allowed")]
    NotAllowed,
}

impl TargetError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Here(_) => "redirect_target",
            Self::Unclear => "redirect_target_unclear",
            Self::NotAllowed => "redirect_target_not_allowed",
        }
    }

    /// What a stranger may read.
    #[must_use]
    pub const fn public_message(&self) -> &'static str {
        match self {
            Self::Here(_) | Self::Unclear => {
                "The link that brought you here says in a doubtful way where to go next."
            }
            Self::NotAllowed => {
                "The link that brought you here leads on to a site that people are not sent to from here."
            }
        }
    }
}

impl Target {
    /// Reads an address that a request to `site` names: a path, an address of this site, or one below an
    /// address of `allowed`.
    ///
    /// # Errors
    ///
    /// [`TargetError`].
    pub fn parse(text: &str, site: &Site, allowed: &[Url]) -> Result<Self, TargetError> {
        if text.starts_with('/') {
            return Ok(Self::Here(ReturnTo::parse(text.as_bytes())?));
        }
        match text.strip_prefix(site.origin()) {
            Some("") => return Ok(Self::Here(ReturnTo::root())),
            Some(rest) if rest.starts_with('/') => {
                return Ok(Self::Here(ReturnTo::parse(rest.as_bytes())?));
            }
            _ => {}
        }
        Self::elsewhere(text, allowed)
    }

    fn elsewhere(text: &str, allowed: &[Url]) -> Result<Self, TargetError> {
        // What the parser of addresses would put right, another one may put right otherwise.
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !br#"\#"<>^`{|}"#.contains(&byte))
        {
            return Err(TargetError::Unclear);
        }
        let url = Url::parse(text).map_err(|_| TargetError::Unclear)?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && text.starts_with(&format!("{}://", url.scheme()));
        if !plain {
            return Err(TargetError::Unclear);
        }
        ReturnTo::parse(url[Position::BeforePath..].as_bytes())
            .map_err(|_| TargetError::Unclear)?;
        match allowed.iter().any(|base| covers(base, &url)) {
            true => Ok(Self::Elsewhere(url)),
            false => Err(TargetError::NotAllowed),
        }
    }

    /// The address for a `Location` field.
    #[must_use]
    pub fn location(&self) -> &str {
        match self {
            Self::Here(page) => page.as_str(),
            Self::Elsewhere(url) => url.as_str(),
        }
    }

    /// The whole address, as a provider wants it.
    #[must_use]
    pub fn address(&self, site: &Site) -> String {
        match self {
            Self::Here(page) => format!("{}{}", site.origin(), page.as_str()),
            Self::Elsewhere(url) => url.to_string(),
        }
    }

    /// The same with one more parameter. Both are words that need no encoding.
    #[must_use]
    pub fn with_parameter(&self, name: &'static str, value: &'static str) -> String {
        let location = self.location();
        let mark = if location.contains('?') { '&' } else { '?' };
        format!("{location}{mark}{name}={value}")
    }
}

/// Whether `url` has the origin of `base`, and its path or one below it.
fn covers(base: &Url, url: &Url) -> bool {
    let below = || {
        let prefix = base.path().trim_end_matches('/');
        let rest = url.path().strip_prefix(prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    base.origin() == url.origin() && below()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORPUS: &str = include_str!("../../../../testdata/open-redirects.txt");

    fn site() -> Site {
        Site::https("portal.example.com", 443).unwrap()
    }

    fn allowed() -> Vec<Url> {
        ["https://www.example.com/", "https://apps.example.org/hr"]
            .iter()
            .map(|url| Url::parse(url).unwrap())
            .collect()
    }

    fn parse(text: &str) -> Result<Target, TargetError> {
        Target::parse(text, &site(), &allowed())
    }

    #[test]
    fn people_are_sent_to_this_site_and_below_what_is_allowed() {
        for (text, location) in [
            ("/bye?x=1", "/bye?x=1"),
            ("https://portal.example.com", "/"),
            ("https://portal.example.com/bye", "/bye"),
            ("https://www.example.com", "https://www.example.com/"),
            (
                "https://www.example.com/a?b=c",
                "https://www.example.com/a?b=c",
            ),
            ("https://apps.example.org/hr", "https://apps.example.org/hr"),
            (
                "https://apps.example.org/hr/x",
                "https://apps.example.org/hr/x",
            ),
        ] {
            assert_eq!(parse(text).unwrap().location(), location, "{text}");
        }
        let here = parse("/bye").unwrap();
        assert_eq!(here.address(&site()), "https://portal.example.com/bye");
        assert_eq!(here.with_parameter("e", "x"), "/bye?e=x");
        assert_eq!(
            parse("/bye?a=b").unwrap().with_parameter("e", "x"),
            "/bye?a=b&e=x"
        );
    }

    /// CVE-2019-14857, CVE-2019-20479, CVE-2021-32786, CVE-2022-23527 and the host match of 2.4.20.
    #[test]
    fn cve_2019_14857_nobody_is_sent_elsewhere_by_a_link() {
        for text in [
            "",
            "bye",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/%09/evil.example",
            "/%5cevil.example",
            "https:evil.example",
            "https:/evil.example",
            "https:///evil.example",
            "https:\\\\evil.example",
            "http://portal.example.com/",
            "https://portal.example.com:8443/",
            "https://portal.example.com.evil.example/",
            "https://portal.example.com@evil.example/",
            "https://evil-example.com/",
            "https://evil.example/https://www.example.com/",
            "https://www.example.com.evil.example/",
            "https://www.example.com@evil.example/",
            "https://user@www.example.com/",
            "https://www.example.com\\@evil.example/",
            "https://www.example.com#@evil.example/",
            "https://www.example.com:8443/",
            "http://www.example.com/",
            "https://example.com/",
            "https://evilwww.example.com/",
            "https://apps.example.org/",
            "https://apps.example.org/hrx",
            "https://apps.example.org/hr/../x",
            "https://apps.example.org/hr/%2e%2e/x",
            "https://apps.example.org/hr/..%2fx",
            "HTTPS://evil.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://www.example.com/\r\nSet-Cookie: a=b",
            " https://www.example.com/",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    /// Bytes that do not show are written `\xNN` there, and `%XX` is decoded once more.
    fn decoded(line: &str, mark: &str) -> String {
        let mut parts = line.split(mark);
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            match part.get(..2).map(|hex| u8::from_str_radix(hex, 16)) {
                Some(Ok(byte)) => {
                    text.push(char::from(byte));
                    text.push_str(&part[2..]);
                }
                _ => {
                    text.push_str(mark);
                    text.push_str(part);
                }
            }
        }
        text
    }

    #[test]
    fn cve_2022_23527_the_payload_list_leads_nowhere_else() {
        let base = Url::parse("https://portal.example.com/foo").unwrap();
        let lines = CORPUS
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut count = 0;
        for line in lines {
            let raw = decoded(line, "\\x");
            for text in [decoded(&raw, "%"), raw] {
                count += 1;
                if let Ok(target) = parse(&text) {
                    let to = base.join(target.location()).unwrap();
                    assert_eq!(to.origin(), base.origin(), "{text:?}");
                }
            }
        }
        assert!(count > 1000, "{count}");
    }
}
