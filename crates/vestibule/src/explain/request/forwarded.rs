//! Shows the head the upstream gets, field by field in its order, with secrets left out.

use serde::Serialize;
use vestibule_config::{HeaderSource, RouteSettings};
use vestibule_gate::Gate;
use vestibule_gate::authorize::Authorized;
use vestibule_gate::fields::Field;
use vestibule_gate::headers::Token;
use vestibule_gate::request::Request;
use vestibule_gate::route::TokenChoice;

use super::session::{ACCESS_TOKEN, NOTHING};
use crate::explain::value::shown;
use crate::print::{Ink, Sheet};

/// What the upstream gets.
#[derive(Debug, Clone, Serialize)]
pub(in crate::explain) struct Forwarded {
    /// Where it goes, without query.
    pub(super) url: String,
    /// The method.
    pub(super) method: String,
    /// Path and, if there is one, the query's place.
    pub(super) target: String,
    /// The headers, in their order.
    pub(super) headers: Vec<Header>,
}

/// One header.
#[derive(Debug, Clone, Serialize)]
pub(in crate::explain) struct Header {
    /// Its name, as it is spelt there.
    pub(super) name: String,
    /// Its value; in brackets what stands for a secret.
    pub(super) value: String,
    /// The length of its value in bytes; of a token, of what stands for it.
    pub(super) length: usize,
    /// Whether it is ours, about the person.
    pub(super) identity: bool,
}

/// The head for the upstream, by the gate's own plan.
pub(super) fn head(
    gate: &Gate,
    authorized: &Authorized<'_>,
    request: &Request,
    route: &RouteSettings,
    is_granted_said: bool,
) -> Forwarded {
    let head = gate.upstream_head(authorized, request);
    let token = match (
        authorized.session(),
        &authorized.matched().route().access_token,
    ) {
        (None, _) | (_, TokenChoice::None) => None,
        (Some(session), _) => session.record().tokens().sign_in(),
    };
    let identity = authorized.identity_fields(token.map(Token::of));
    let id_token = authorized
        .session()
        .and_then(|session| session.record().id_token())
        .map(|token| token.expose().clone());
    let granted = authorized.session().map(|session| {
        session
            .record()
            .granted_scopes()
            .collect::<Vec<_>>()
            .join(" ")
    });
    let own = |field: Field<'_>| {
        let text = String::from_utf8_lossy(field.value);
        // What the provider's answer lists, the person said or nobody knows.
        if granted.as_deref() == Some(&*text) {
            return Some(match (is_granted_said, text == NOTHING) {
                (false, _) => "(the scopes that were granted)".to_owned(),
                (true, true) => String::new(),
                (true, false) => plain(&text),
            });
        }
        let is_constant = route.headers.own.iter().any(|header| {
            matches!(header.source, HeaderSource::Constant(_))
                && header.name.as_bytes().eq_ignore_ascii_case(field.name)
        });
        let is_token = text.contains(ACCESS_TOKEN)
            || id_token
                .as_ref()
                .is_some_and(|own| text.contains(own.as_str()));
        // The configuration set it from the claims that were given here, whatever its name sounds like.
        (!is_constant && !is_token && !field.is("authorization")).then(|| plain(&text))
    };
    let value = |field: Field<'_>| {
        let text = String::from_utf8_lossy(field.value);
        if field.is("cookie") {
            return cookies(&text);
        }
        if field.is("authorization") && !text.ends_with(ACCESS_TOKEN) {
            let scheme = text.split(' ').next().unwrap_or_default();
            return format!("{} (not shown)", shown(scheme));
        }
        let secret = !text.contains(ACCESS_TOKEN) && is_secret_name(field.name);
        if secret
            && !id_token
                .as_ref()
                .is_some_and(|own| text.contains(own.as_str()))
        {
            return "(not shown)".to_owned();
        }
        let text = without_query(&text);
        let text = text.replace(ACCESS_TOKEN, "(the access token)");
        match &id_token {
            Some(id_token) => shown(&text.replace(id_token.as_str(), "(the ID token)")),
            None => shown(&text),
        }
    };
    let header = |field: Field<'_>, identity| Header {
        name: shown(&String::from_utf8_lossy(field.name)),
        value: match identity {
            true => own(field).unwrap_or_else(|| value(field)),
            false => value(field),
        },
        length: field.value.len(),
        identity,
    };
    let host = head.fields.first("host").map(String::from_utf8_lossy);
    let authority = host.map_or_else(|| authority(route), |host| host.into_owned());
    let mut headers = vec![Header {
        name: "Host".to_owned(),
        length: authority.len(),
        value: authority,
        identity: false,
    }];
    let others = head.fields.iter().filter(|field| !field.is("host"));
    headers.extend(others.map(|field| header(field, false)));
    headers.extend(identity.iter().map(|field| header(field, true)));
    let target = String::from_utf8_lossy(&head.target);
    let (path, query) = match target.split_once('?') {
        Some((path, _)) => (path, "?(the query)"),
        None => (&*target, ""),
    };
    Forwarded {
        url: url(route, path),
        method: head.method.to_string(),
        target: format!("{}{query}", shown(path)),
        headers,
    }
}

/// The most characters of a value that is shown as it is.
const MOST: usize = 200;

/// A value that stands in the claims the person gave.
fn plain(text: &str) -> String {
    let clean = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char });
    let mut clean: String = clean.take(MOST + 1).collect();
    if let Some((end, _)) = clean.char_indices().nth(MOST) {
        clean.truncate(end);
        clean.push('…');
    }
    clean
}

/// A value whose addresses have no query: whole ones, as in `Referer`, and paths, as in `X-Original-URL`.
fn without_query(text: &str) -> String {
    if !text.contains("://") && !text.starts_with('/') {
        return text.to_owned();
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['?', '#']) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|char: char| char.is_whitespace() || matches!(char, '"' | '<' | '>'));
        let (query, after) = from.split_at(end.unwrap_or(from.len()));
        clean.push_str(before);
        clean.push_str(if query.len() > 1 {
            "?(the query)"
        } else {
            query
        });
        rest = after;
    }
    clean + rest
}

/// Whether a field of this name holds a key, a password or the like.
fn is_secret_name(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    [
        "key",
        "token",
        "secret",
        "auth",
        "passw",
        "pwd",
        "credential",
        "session",
        "signature",
        "assertion",
        "jwt",
        "csrf",
        "xsrf",
        "cert",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// What `Host` says: the upstream's own name.
fn authority(route: &RouteSettings) -> String {
    let url = &route.upstream.url;
    match url.scheme() {
        "unix" => "localhost".to_owned(),
        _ => url[url::Position::BeforeHost..url::Position::AfterPort].to_owned(),
    }
}

fn url(route: &RouteSettings, path: &str) -> String {
    let url = &route.upstream.url;
    match url.scheme() {
        "unix" => format!("{} as {}", shown(url.as_str()), shown(path)),
        scheme => format!("{scheme}://{}{}", authority(route), shown(path)),
    }
}

/// The names of the cookies.
fn cookies(text: &str) -> String {
    let names = text.split(';').map(|pair| {
        let name = pair.split('=').next().unwrap_or_default().trim();
        format!("{}=(not shown)", shown(name))
    });
    names.collect::<Vec<_>>().join("; ")
}

impl Forwarded {
    /// Sets it for people. `is_certain` says whether it is known that it gets it.
    pub(super) fn print(&self, sheet: &mut Sheet, is_certain: bool) {
        let what = match is_certain {
            true => format!("What {} gets", self.url),
            false => format!("What {} gets, if it gets it", self.url),
        };
        sheet.inked(Ink::Strong, &what);
        sheet.verbatim(2, &format!("{} {}", self.method, self.target));
        for header in &self.headers {
            sheet.verbatim(2, &format!("{}: {}", header.name, header.value));
        }
        let ours = self.headers.iter().filter(|header| header.identity).count();
        let said = match ours {
            0 => "Nothing in it says who the person is.".to_owned(),
            1 => "The last header is about the person; whatever the client sent under such names was removed.".to_owned(),
            many => format!(
                "The last {many} headers are about the person; whatever the client sent under such names was removed."
            ),
        };
        sheet.paragraph(2, &said);
    }
}
