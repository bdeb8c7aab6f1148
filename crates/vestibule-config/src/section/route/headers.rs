//! `headers`: presets, and names of the operator's own.

mod claims;

pub(crate) use claims::takes_away;

use super::keys::{HEADERS, PRESETS};
use super::{HeaderPreset, HeaderSettings, HeaderSource, OwnHeader};
use crate::describe::Kind;
use crate::nearest::nearest;
use crate::read::Item;
use crate::section::rule::is_token_byte;

/// Fields of HTTP and of the proxy itself, folded. Setting one would break framing, routing or trust.
const RESERVED: &[&str] = &[
    "host",
    "connection",
    "contentlength",
    "contentencoding",
    "contenttype",
    "transferencoding",
    "te",
    "trailer",
    "upgrade",
    "keepalive",
    "proxyconnection",
    "proxyauthorization",
    "proxyauthenticate",
    "expect",
    "cookie",
    "setcookie",
    "origin",
    "referer",
    "proxy",
    "via",
    "forwarded",
    "xforwardedfor",
    "xforwardedhost",
    "xforwardedproto",
    "xforwardedport",
    "xforwardedprefix",
    "xrealip",
];

const SOURCES: [&str; 6] = [
    "@user",
    "@access_token",
    "@id_token",
    "@userinfo",
    "@userinfo_jwt",
    "@none",
];

/// The longest constant: far from any limit of a head.
const LONGEST_CONSTANT: usize = 1024;

static PRESET: Kind = Kind::Choice(PRESETS);

pub(super) fn read(item: &Item<'_>, has_token: bool) -> Option<HeaderSettings> {
    if item.as_str().is_some() {
        return Some(HeaderSettings {
            preset: preset(item),
            ..HeaderSettings::default()
        });
    }
    let table = item.table_of(&HEADERS)?;
    let preset = table.item("preset").and_then(|item| preset(&item));
    let mut own: Vec<OwnHeader> = Vec::new();
    for (name, item) in table.own_items() {
        if !judge_name(name, &item) {
            continue;
        }
        if let Some(twin) = own.iter().find(|known| fold(&known.name) == fold(name)) {
            item.context.error(
                &item.key_span,
                item.key.clone(),
                format!(
                    "`{name}` and `{}` are one header to many servers",
                    twin.name
                ),
                "keep one; letter case and -_. make no difference",
            );
            continue;
        }
        if let Some(source) = source(&item, has_token) {
            own.push(OwnHeader {
                name: name.to_owned(),
                source,
            });
        }
    }
    let json = own.iter().any(|own| own.source == HeaderSource::Userinfo);
    let mut settings = HeaderSettings {
        preset,
        own,
        ..HeaderSettings::default()
    };
    claims::read(&table, json, &mut settings);
    Some(settings)
}

fn preset(item: &Item<'_>) -> Option<HeaderPreset> {
    match item.read_as(&PRESET).choice()? {
        "oauth2-proxy" => Some(HeaderPreset::Oauth2Proxy),
        _ => Some(HeaderPreset::ModAuthOpenidc),
    }
}

fn source(item: &Item<'_>, has_token: bool) -> Option<HeaderSource> {
    let text = item.filled_text()?;
    match text {
        "@user" => Some(HeaderSource::User),
        "@id_token" => Some(HeaderSource::IdToken),
        "@userinfo" => Some(HeaderSource::Userinfo),
        "@userinfo_jwt" => Some(HeaderSource::UserinfoJwt),
        "@none" => Some(HeaderSource::Nothing),
        "@access_token" if has_token => Some(HeaderSource::AccessToken),
        "@access_token" => {
            item.error(
                "this route has no access token",
                "add access_token = { scope = \"api://API-ID/.default\" }, the scope of the API behind this route",
            );
            None
        }
        _ if text.starts_with('@') => {
            let help = match nearest(text, SOURCES) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!(
                    "write the name of a claim, or one of {}",
                    SOURCES.join(", ")
                ),
            };
            item.error("a name with @ is no claim", help);
            None
        }
        _ => match text.strip_prefix('=') {
            Some(constant) if is_constant(constant) => {
                Some(HeaderSource::Constant(constant.to_owned()))
            }
            Some(_) => {
                item.error(
                    "this can't be the value of a header",
                    "write visible characters behind the =, 1024 bytes at most, with white space only between them",
                );
                None
            }
            None => Some(HeaderSource::Claim(text.to_owned())),
        },
    }
}

/// Whether a text arrives as it is written; an empty one does (RFC 9110 §5.5).
pub(crate) fn is_constant(text: &str) -> bool {
    text.len() <= LONGEST_CONSTANT && text.trim() == text && !text.chars().any(char::is_control)
}

/// Whether a header may have this name, apart from `Authorization`, which has a key of its own.
pub(crate) fn may_be_own(name: &str) -> bool {
    let folded = fold(name);
    !folded.is_empty()
        && name.len() <= 128
        && name.bytes().all(is_token_byte)
        && folded != "authorization"
        && !RESERVED.contains(&folded.as_str())
}

fn judge_name(name: &str, item: &Item<'_>) -> bool {
    let refuse = |message: String, help: &str| {
        item.context
            .error(&item.key_span, item.key.clone(), message, help);
        false
    };
    if fold(name).is_empty() || name.len() > 128 || !name.bytes().all(is_token_byte) {
        return refuse(
            "this can't be the name of a header".to_owned(),
            "use letters, digits and -, like \"X-User-Name\"",
        );
    }
    match fold(name).as_str() {
        "authorization" => refuse(
            "`Authorization` has a key of its own".to_owned(),
            "write authorization = \"bearer\" beside `headers`",
        ),
        folded if RESERVED.contains(&folded) => refuse(
            format!("`{name}` belongs to HTTP or to the proxy itself"),
            "choose another name, like \"X-User-Name\"",
        ),
        _ => true,
    }
}

/// How servers that are careless about names compare them: lower case, only letters and digits.
fn fold(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}
