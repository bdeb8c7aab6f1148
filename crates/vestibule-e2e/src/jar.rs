//! A cookie jar as RFC 6265 §5 has it, as far as two hosts on loopback need it.

use crate::http::{Address, Reply};

/// One cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    /// The host it was set by; it is sent to no other.
    pub host: String,
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// The path it is sent to.
    pub path: String,
    /// Everything after the first `;`, as it came.
    pub attributes: String,
}

/// The cookies of one person.
#[derive(Debug, Clone, Default)]
pub struct Jar {
    cookies: Vec<Cookie>,
}

impl Jar {
    /// Takes the cookies of an answer.
    pub fn store(&mut self, reply: &Reply) {
        let address = Address::parse(&reply.url);
        for line in reply.all("set-cookie") {
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let attribute = |wanted: &str| {
                attributes.split(';').find_map(|part| {
                    let (name, value) = part.split_once('=')?;
                    name.trim()
                        .eq_ignore_ascii_case(wanted)
                        .then(|| value.trim().to_owned())
                })
            };
            let cookie = Cookie {
                host: address.host.clone(),
                name: name.trim().to_owned(),
                value: value.trim().to_owned(),
                path: attribute("path").unwrap_or_else(|| "/".to_owned()),
                attributes: attributes.trim().to_owned(),
            };
            let same = |other: &Cookie| {
                (&other.host, &other.name, &other.path)
                    == (&cookie.host, &cookie.name, &cookie.path)
            };
            self.cookies.retain(|other| !same(other));
            let expired = attribute("max-age").is_some_and(|age| age.starts_with(['0', '-']))
                || attribute("expires").is_some_and(|date| date.contains(" 1970 "));
            if !expired {
                self.cookies.push(cookie);
            }
        }
    }

    /// The `Cookie` field for an address, if there is anything to send.
    #[must_use]
    pub fn field(&self, url: &str) -> Option<String> {
        let address = Address::parse(url);
        let path = address.target.split('?').next().unwrap_or("/");
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.host == address.host && is_below(path, &cookie.path))
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// All cookies.
    #[must_use]
    pub fn cookies(&self) -> &[Cookie] {
        &self.cookies
    }

    /// Puts a cookie there as it is.
    pub fn put(&mut self, cookie: Cookie) {
        self.cookies.push(cookie);
    }

    /// Forgets the cookies that `unwanted` picks.
    pub fn forget(&mut self, unwanted: impl Fn(&Cookie) -> bool) {
        self.cookies.retain(|cookie| !unwanted(cookie));
    }
}

/// RFC 6265 §5.1.4.
fn is_below(path: &str, cookie_path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie_path.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jar(lines: &[&str]) -> Jar {
        let mut jar = Jar::default();
        let fields = lines
            .iter()
            .map(|line| ("set-cookie".to_owned(), (*line).to_owned()));
        let url = "http://localhost:1/".to_owned();
        jar.store(&Reply {
            url,
            fields: fields.collect(),
            ..Reply::default()
        });
        jar
    }

    #[test]
    fn a_cookie_goes_back_to_its_host_and_below_its_path_only() {
        let jar = jar(&["a=1; Path=/foo; HttpOnly", "b=2; path=/"]);
        let field = |url| jar.field(url);
        assert_eq!(
            field("http://localhost:2/foo/x?y").as_deref(),
            Some("a=1; b=2")
        );
        assert_eq!(field("http://localhost:2/foobar").as_deref(), Some("b=2"));
        assert_eq!(field("http://127.0.0.1:2/foo"), None);
    }

    #[test]
    fn a_cookie_that_is_over_is_forgotten() {
        assert!(
            jar(&["a=1; Path=/", "a=; Path=/; Max-Age=0"])
                .cookies()
                .is_empty()
        );
        assert_eq!(
            jar(&["a=1; Path=/", "a=; Path=/x; Max-Age=0"])
                .cookies()
                .len(),
            1
        );
    }
}
