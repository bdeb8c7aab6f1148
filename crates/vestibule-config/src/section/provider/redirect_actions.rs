//! `redirect_actions`: what the redirect path answers besides the provider's answers.

use url::Url;

use super::REDIRECT_ACTIONS;
use crate::read::{Item, Reader};

/// What the redirect path answers as mod_auth_openidc does, and where it sends people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RedirectActions {
    /// Below these people may be sent as well; http or https, without user, query and fragment. None: only to pages of the site.
    pub return_urls: Vec<Url>,
    /// Where people go who signed out without saying where to: a path, or an address as in `return_urls` that may have a
    /// query. `None`: our own page.
    pub signed_out_url: Option<String>,
    /// What `info=` tells, tokens of `danger_info_tokens` included; none: it is a 404.
    pub info: Vec<SessionFact>,
}

/// One member of what `info=` tells. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionFact {
    /// `iat`
    Now,
    /// `id_token`
    IdTokenClaims,
    /// `userinfo`
    UserInfo,
    /// `access_token_expires`
    AccessTokenExpires,
    /// `exp`
    Ends,
    /// `timeout`
    IdleEnds,
    /// `remote_user`
    User,
    /// `access_token` of `danger_info_tokens`
    AccessToken,
    /// `refresh_token` of `danger_info_tokens`
    RefreshToken,
    /// `id_token_hint` of `danger_info_tokens`
    IdToken,
}

impl SessionFact {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "iat" => Self::Now,
            "id_token" => Self::IdTokenClaims,
            "userinfo" => Self::UserInfo,
            "access_token_expires" => Self::AccessTokenExpires,
            "exp" => Self::Ends,
            "timeout" => Self::IdleEnds,
            "remote_user" => Self::User,
            "access_token" => Self::AccessToken,
            "refresh_token" => Self::RefreshToken,
            "id_token_hint" => Self::IdToken,
            _ => return None,
        })
    }
}

pub(super) fn read(reader: &Reader<'_>) -> Option<RedirectActions> {
    let item = reader.item("redirect_actions")?;
    let actions = match item.value.get_ref().is_table() {
        true => table(&item.table_of(&REDIRECT_ACTIONS)?),
        false => item.flag()?.then(RedirectActions::default),
    };
    if actions.is_some() && !reader.marks().has("redirect_path") {
        item.error(
            "there is no `redirect_path` to answer at",
            "write redirect_path = \"/oidc/callback\", the path that the app knows and that is registered at the provider",
        );
        return None;
    }
    actions
}

fn table(reader: &Reader<'_>) -> Option<RedirectActions> {
    let mut actions = RedirectActions::default();
    if let Some(item) = reader.item("return_urls") {
        actions
            .return_urls
            .extend(item.items().iter().filter_map(return_url));
    }
    actions.signed_out_url = reader
        .item("signed_out_url")
        .and_then(|item| signed_out_url(&item));
    for key in ["info", "danger_info_tokens"] {
        let items = reader.item(key).map(|item| item.items());
        for fact in items.iter().flatten() {
            let fact = fact.choice().and_then(SessionFact::named);
            actions
                .info
                .extend(fact.filter(|fact| !actions.info.contains(fact)));
        }
    }
    Some(actions)
}

fn return_url(item: &Item<'_>) -> Option<Url> {
    let text = item.filled_text()?;
    let url = address(item, text)?;
    if url.query().is_some() {
        item.error(
            "all below an address is meant, so it has no query",
            "write it up to the path, like https://www.example.com/hr",
        );
        return None;
    }
    Some(url)
}

/// An address that browsers read as it is written.
fn address(item: &Item<'_>, text: &str) -> Option<Url> {
    let parsed = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    });
    if parsed.is_none() {
        item.error(
            "this is no address of a site",
            "write it like https://www.example.com/",
        );
    }
    parsed
}

fn signed_out_url(item: &Item<'_>) -> Option<String> {
    let text = item.filled_text()?;
    page_or_address(item, text)
}

/// A page of this site or an address of another, as browsers read it too.
pub(crate) fn page_or_address(item: &Item<'_>, text: &str) -> Option<String> {
    if let Some(rest) = text.strip_prefix('/') {
        let path = rest.split('?').next().unwrap_or_default();
        let plain = rest
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#'));
        if !plain || rest.starts_with('/') || path.contains('%') || path.contains("..") {
            item.error(
                "this path can't be read without doubt",
                "write it plainly, like /bye",
            );
            return None;
        }
        return Some(text.to_owned());
    }
    address(item, text).map(String::from)
}
