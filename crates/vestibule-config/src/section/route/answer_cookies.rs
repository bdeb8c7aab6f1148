//! `answer_cookies`: attributes that the upstream's cookies get.

use crate::describe::{Choice, Kind};
use crate::read::Item;

pub(super) const ATTRIBUTES: Kind = Kind::List(&Kind::Choice(&[
    Choice::new("Secure", "sent over TLS alone"),
    Choice::new("HttpOnly", "out of reach of scripts"),
    Choice::new(
        "SameSite=Lax",
        "of what other sites begin, sent where a person goes",
    ),
    Choice::new("SameSite=Strict", "not sent with what other sites begin"),
    Choice::new("SameSite=None", "sent with everything; needs `Secure` too"),
]));

/// On which requests that other sites begin a cookie is sent. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieSameSite {
    /// On none.
    Strict,
    /// On those that a person follows.
    Lax,
    /// On all.
    None,
}

/// The attributes that each cookie of the upstream has, whatever the upstream said; none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AnswerCookies {
    /// `Secure`.
    pub secure: bool,
    /// `HttpOnly`.
    pub http_only: bool,
    /// `SameSite`; what the upstream says. `None` only with `secure`.
    pub same_site: Option<CookieSameSite>,
}

pub(super) fn read(item: &Item<'_>) -> AnswerCookies {
    let mut read = AnswerCookies::default();
    for attribute in item.items() {
        let same_site = match attribute.choice() {
            Some("Secure") => {
                read.secure = true;
                continue;
            }
            Some("HttpOnly") => {
                read.http_only = true;
                continue;
            }
            Some("SameSite=Lax") => CookieSameSite::Lax,
            Some("SameSite=Strict") => CookieSameSite::Strict,
            Some("SameSite=None") => CookieSameSite::None,
            _ => continue,
        };
        if read.same_site.replace(same_site).is_some() {
            attribute.error("`SameSite` is there twice", "keep one");
        }
    }
    if read.same_site == Some(CookieSameSite::None) && !read.secure {
        item.error(
            "browsers refuse a cookie with `SameSite=None` and without `Secure`",
            "add \"Secure\"",
        );
    }
    read
}
