//! `[[route]]`: a path, what is behind it, who may pass, and what the upstream is told.

mod access_token;
mod answer_cookies;
mod answer_headers;
mod anti_forgery;
mod headers;
mod keys;
mod place;
mod upstream;
mod user;

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

pub(super) use place::{host, plain as plain_path};

pub use answer_cookies::{AnswerCookies, CookieSameSite};
pub use answer_headers::{AnswerHeader, BesideAnswer};
pub use user::UserForm;

pub(crate) use answer_headers::{ANSWER_HEADERS, wrong_with as answer_header_is_wrong};
pub(crate) use headers::{is_constant, may_be_own, takes_away};
pub(crate) use keys::{ACCESS_TOKEN, HEADERS, ROUTE};
pub(crate) use user::USER;

use super::provider::{ProviderKind, ProviderSettings, page_or_address};
use super::rule::{self, RuleSettings};
use crate::apache::SourceVersion;
use crate::describe::Kind;
use crate::nearest::nearest;
use crate::read::{At, Item, Reader};

/// One path and what is behind it. Changes take effect on reload, for new requests.
#[derive(Debug, Clone)]
pub struct RouteSettings {
    /// The host it is for, lower case and without port; one of the public URLs'. `None`: every host.
    pub host: Option<String>,
    /// The path prefix: begins with `/`, and does not end with one unless it is `/` alone. It matches at segment boundaries.
    pub path: String,
    /// Paths below it that are left out, in the same form; none.
    pub except: Vec<String>,
    /// What is behind it.
    pub upstream: UpstreamSettings,
    /// Who may pass; signed-in.
    pub require: Require,
    /// The access token the upstream gets; none.
    pub access_token: Option<AccessToken>,
    /// Whether that token is sent as `Authorization: Bearer` too; false. True only with `access_token`.
    pub bearer: bool,
    /// The claims of which the first that is there names the person; `sub`. Never empty.
    pub user: Vec<String>,
    /// What is made of it; nothing.
    pub user_form: UserForm,
    /// Whether a `user` claim that can change hands is accepted without a word; false.
    pub danger_mutable_user: bool,
    /// The headers that tell the upstream who it is; none.
    pub headers: HeaderSettings,
    /// Whether the upstream sees the path with the prefix; false.
    pub keep_prefix: bool,
    /// Whether the upstream gets the host of the public URL as `Host`; `false`: that of its own address.
    pub keep_host: bool,
    /// Cookies of the site, by name, that do not reach the upstream; none.
    pub strip_cookies: Vec<String>,
    /// Whether WebSocket upgrades pass; false.
    pub websocket: bool,
    /// Whether trailers pass, both ways; false.
    pub trailers: bool,
    /// Other origins whose pages may use this route with the session, as browsers write them; none.
    pub allowed_origins: Vec<String>,
    /// Whether pages of every origin may; false.
    pub danger_any_origin: bool,
    /// The largest request head that the upstream takes, in bytes; not known. 2 KiB to 1 MiB.
    pub upstream_max_head: Option<usize>,
    /// The header that unsafe methods must have; none. It begins with `X-` and has only letters, digits and `-`.
    pub anti_forgery_header: Option<String>,
    /// The most bytes of a form that is kept over a sign-in and sent again afterwards; none is kept. 1 KiB to 1 MiB.
    pub keep_post: Option<usize>,
    /// What is changed in the upstream's answers; nothing. Each name once, and none that frames an answer or sets cookies.
    pub answer_headers: Vec<AnswerHeader>,
    /// The attributes that the upstream's cookies get; none.
    pub answer_cookies: AnswerCookies,
    /// What those get who are not signed in; people are sent to sign in.
    pub when_signed_out: WhenSignedOut,
    /// What those get who are signed in and may not pass; a 403.
    pub when_not_allowed: WhenNotAllowed,
    /// The name of the provider that signs people in here. `None`: the only one, or a choice.
    pub provider: Option<String>,
}

/// What is behind a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamSettings {
    /// `http` or `https` with host and port, or `unix:` with an absolute path; no user, query or fragment.
    pub url: Url,
    /// Put in front of what is left after the route's prefix; begins with `/`, and does not end with one unless it is `/` alone.
    pub base_path: String,
    /// What is spoken to it; [`UpstreamProtocol::Auto`].
    pub protocol: UpstreamProtocol,
    /// Whom to believe that he is the upstream. Means nothing for `http`.
    pub tls: UpstreamTls,
    /// For connecting, TLS included; 5 s; 100 ms to 1 min.
    pub connect_timeout: Duration,
    /// From the request's last byte to the head of the answer; 60 s; 1 s to 1 h.
    pub response_timeout: Duration,
    /// Between two pieces of an answer; 60 s; 1 s to 24 h.
    pub stall_timeout: Duration,
    /// For an event stream or tunnel on which nothing moves in either direction; 1 h; 1 s to 24 h.
    pub stream_idle_timeout: Duration,
}

/// What is spoken to an upstream. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamProtocol {
    /// Over TLS HTTP/2 if it is offered, else HTTP/1.1.
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only, over TLS.
    H2,
    /// HTTP/2 only, in clear, by prior knowledge (RFC 9113 §3.3).
    H2c,
}

/// Whom to believe that he is the upstream. Matched exhaustively by the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamTls {
    /// A certificate for its name from one of the system's CAs.
    System,
    /// A certificate for its name from one of the CAs in this PEM file, and no other.
    Ca(PathBuf),
    /// Anybody (`danger_upstream_insecure`).
    Insecure,
}

/// Who may pass a route. Matched exhaustively by the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Require {
    /// Everybody, signed in or not.
    Public,
    /// Everybody; the upstream is told of those who are signed in.
    Anyone,
    /// Everybody who is signed in.
    SignedIn,
    /// Everybody who is signed in and fits the rule.
    Rule(RuleSettings),
}

/// What somebody gets who is not signed in. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenSignedOut {
    /// People are sent to sign in, programs get a 401.
    SignIn,
    /// 401 for both.
    Unauthorized,
    /// 407 for both.
    ProxyAuthenticationRequired,
    /// 410 for both.
    Gone,
}

/// What somebody gets who is signed in and may not pass. Matched exhaustively by the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhenNotAllowed {
    /// 403, with a way to sign in as someone else.
    Forbidden,
    /// The same as a 401.
    Unauthorized,
    /// People are sent to sign in as someone else, programs get the 403.
    SignIn,
    /// People are sent there, a path of the site or an http or https address; programs get the 403.
    Elsewhere(String),
}

/// The access token an upstream gets. Matched exhaustively by the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessToken {
    /// The sign-in's own, whatever it is.
    SignIn,
    /// One for this resource. At least one of the three is there.
    Resource {
        /// The scopes to ask for, not empty.
        scopes: Vec<String>,
        /// The resource indicator (RFC 8707), for providers that take one.
        resource: Option<String>,
        /// The `audience` parameter, for providers that have one of their own.
        audience: Option<String>,
    },
}

/// The headers that tell an upstream who the person is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderSettings {
    /// A set of names the upstream knows.
    pub preset: Option<HeaderPreset>,
    /// Headers of the operator's own, in the order of the file; no two names that fold to the same. They win over the preset's.
    pub own: Vec<OwnHeader>,
    /// The version of mod_auth_openidc that claims are written like; the newest with its preset, else nobody's.
    pub version: Option<SourceVersion>,
    /// How text beyond ASCII travels; as with that version.
    pub encoding: Option<HeaderEncoding>,
    /// What the elements of a list are joined with; a comma. Not empty.
    pub delimiter: Option<String>,
    /// Whether elements that hold the delimiter are left as they are; false.
    pub danger_plain_lists: bool,
    /// What the names of claims begin with; `OIDC_CLAIM_`. Empty only with `only_claims`.
    pub prefix: Option<String>,
    /// How the preset passes the ID token; as claims. An empty list: not at all.
    pub id_token: Option<Vec<IdTokenForm>>,
    /// How the preset passes user info; as claims. An empty list: not at all.
    pub userinfo: Option<Vec<UserinfoForm>>,
    /// The only claims that the preset, or JSON, passes; all.
    pub only_claims: Option<Vec<String>>,
    /// Claims that it does not pass; none.
    pub without_claims: Vec<String>,
    /// Whether the preset passes the refresh token; false.
    pub danger_refresh_token: bool,
}

/// How text beyond ASCII travels in a header. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderEncoding {
    /// UTF-8 as it is.
    Utf8,
    /// ISO 8859-1, with `?` for what it does not have.
    Latin1,
    /// The whole value in base64url, without padding.
    Base64Url,
}

/// A way to pass the ID token. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdTokenForm {
    /// A header for each claim.
    Claims,
    /// The claims as JSON: `OIDC_id_token_payload`.
    Payload,
    /// As it came: `OIDC_id_token`.
    Serialized,
}

/// A way to pass user info. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserinfoForm {
    /// A header for each claim.
    Claims,
    /// As JSON: `OIDC_userinfo_json`.
    Json,
    /// The signed token that it came in, if it did: `OIDC_userinfo_jwt`.
    Jwt,
}

/// A set of headers an upstream already knows. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderPreset {
    /// `OIDC_CLAIM_*`, `OIDC_access_token` and so on.
    ModAuthOpenidc,
    /// `X-Forwarded-User`, `X-Forwarded-Email` and so on.
    Oauth2Proxy,
}

/// A header of the operator's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnHeader {
    /// Its name as written; a token, and none that HTTP or the proxy itself uses.
    pub name: String,
    /// Where its value comes from.
    pub source: HeaderSource,
}

/// Where the value of an own header comes from. Matched exhaustively by the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderSource {
    /// This claim.
    Claim(String),
    /// What the route's `user` claims name.
    User,
    /// The route's access token; there is one.
    AccessToken,
    /// The ID token as it came.
    IdToken,
    /// User info as JSON.
    Userinfo,
    /// The signed token that user info came in.
    UserinfoJwt,
    /// This text, for everybody who is signed in.
    Constant(String),
    /// No value: what clients send under the name is removed.
    Nothing,
}

/// Reads every `[[route]]`.
pub(crate) fn read(
    root: &Reader<'_>,
    providers: &[At<ProviderSettings>],
    kinds: &[(Option<String>, ProviderKind)],
) -> Vec<At<RouteSettings>> {
    let help = "add one: [[route]] with path = \"/\" and upstream = \"http://localhost:3000\"";
    let Some(item) = root.required("route", help) else {
        return Vec::new();
    };
    item.tables()
        .iter()
        .filter_map(|reader| one(reader, providers, kinds))
        .collect()
}

fn one(
    reader: &Reader<'_>,
    providers: &[At<ProviderSettings>],
    kinds: &[(Option<String>, ProviderKind)],
) -> Option<At<RouteSettings>> {
    let host = reader.item("host").and_then(|item| place::host(&item));
    let path = reader
        .required(
            "path",
            "write the prefix it is for: path = \"/\" for everything",
        )
        .and_then(|item| place::path(&item));
    let except = reader
        .item("except")
        .map(|item| place::except(&item, path.as_deref()));
    let upstream = upstream::read(reader);
    let require = reader
        .item("require")
        .map_or(Some(Require::SignedIn), |item| require(&item));
    let provider = reader
        .item("provider")
        .and_then(|item| provider(&item, providers));
    let named = reader.item("provider");
    let kind = kind_of(named.as_ref().and_then(Item::as_str), kinds);
    let access_token = reader
        .item("access_token")
        .and_then(|item| access_token::read(&item, kind));
    let bearer = reader.choice("authorization") == Some("bearer");
    let marks = reader.marks();
    if bearer && !marks.has("access_token") {
        reader.context.missing(
            marks.of("authorization"),
            marks.key("authorization"),
            "there is no access token to send as bearer",
            "add access_token = { scope = \"api://API-ID/.default\" }, the scope of the API behind this route",
        );
    }
    let (user, user_form) = user::read(reader);
    let danger_mutable_user = reader.flag("danger_mutable_user");
    let headers = reader
        .item("headers")
        .and_then(|item| headers::read(&item, marks.has("access_token")));
    let keep_prefix = reader.flag("keep_prefix");
    let keep_host = reader.flag("keep_host");
    let strip_cookies = reader
        .item("strip_cookies")
        .map(|item| place::cookies(&item));
    let websocket = reader.flag("websocket");
    let trailers = reader.flag("trailers");
    let danger_any_origin = reader.flag("danger_any_origin");
    let upstream_max_head = reader
        .item("upstream_max_head")
        .and_then(|item| item.size())
        .and_then(|bytes| usize::try_from(bytes).ok());
    let anti_forgery_header = reader
        .item("anti_forgery_header")
        .and_then(|item| anti_forgery::read(&item));
    let keep_post = reader.item("keep_post").and_then(|item| keep_post(&item));
    let answer_headers = answer_headers::read(reader);
    let answer_cookies = reader
        .item("answer_cookies")
        .map(|item| answer_cookies::read(&item));
    let when_signed_out = match reader.choice("when_signed_out") {
        Some("401") => WhenSignedOut::Unauthorized,
        Some("407") => WhenSignedOut::ProxyAuthenticationRequired,
        Some("410") => WhenSignedOut::Gone,
        _ => WhenSignedOut::SignIn,
    };
    let when_not_allowed = reader
        .item("when_not_allowed")
        .map_or(Some(WhenNotAllowed::Forbidden), |item| {
            when_not_allowed(&item)
        });
    let allowed_origins = reader
        .item("allowed_origins")
        .map(|item| place::origins(&item));
    Some(At {
        marks,
        value: RouteSettings {
            host,
            path: path?,
            except: except.unwrap_or_default(),
            upstream: upstream?,
            require: require?,
            access_token,
            bearer,
            user,
            user_form,
            danger_mutable_user,
            headers: headers.unwrap_or_default(),
            keep_prefix,
            keep_host,
            strip_cookies: strip_cookies.unwrap_or_default(),
            websocket,
            trailers,
            allowed_origins: allowed_origins.unwrap_or_default(),
            danger_any_origin,
            upstream_max_head,
            anti_forgery_header,
            keep_post,
            answer_headers,
            answer_cookies: answer_cookies.unwrap_or_default(),
            when_signed_out,
            when_not_allowed: when_not_allowed?,
            provider,
        },
    })
}

fn require(item: &Item<'_>) -> Option<Require> {
    let Some(text) = item.as_str() else {
        return rule::read(item).map(Require::Rule);
    };
    match text {
        "public" => Some(Require::Public),
        "anyone" => Some(Require::Anyone),
        "signed-in" => Some(Require::SignedIn),
        _ => {
            let help = match nearest(text, ["public", "anyone", "signed-in"]) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "write \"public\", \"anyone\", \"signed-in\", or a rule like { groups = [\"…\"] }"
                    .to_owned(),
            };
            item.error(
                format!("`require` can't be \"{}\"", crate::read::short(text)),
                help,
            );
            None
        }
    }
}

fn when_not_allowed(item: &Item<'_>) -> Option<WhenNotAllowed> {
    let text = item.filled_text()?;
    Some(match text {
        "403" => WhenNotAllowed::Forbidden,
        "401" => WhenNotAllowed::Unauthorized,
        "sign-in" => WhenNotAllowed::SignIn,
        _ if text.starts_with('/') || text.contains("://") => {
            WhenNotAllowed::Elsewhere(page_or_address(item, text)?)
        }
        _ => {
            item.error(
                "this is neither an answer nor a page",
                "write \"403\", \"401\", \"sign-in\", or where to go instead, like \"/not-for-you\"",
            );
            return None;
        }
    })
}

/// What `true` stands for.
const KEPT_FORM_BYTES: usize = 64 << 10;

fn keep_post(item: &Item<'_>) -> Option<usize> {
    static SIZE: Kind = keys::KEPT_FORM;
    if item.as_str().is_some() {
        let bytes = item.read_as(&SIZE).size()?;
        return usize::try_from(bytes).ok();
    }
    item.flag()?.then_some(KEPT_FORM_BYTES)
}

fn provider(item: &Item<'_>, providers: &[At<ProviderSettings>]) -> Option<String> {
    let name = item.filled_text()?;
    let names: Vec<&str> = providers
        .iter()
        .filter_map(|p| p.value.name.as_deref())
        .collect();
    if names.contains(&name) {
        return Some(name.to_owned());
    }
    let help = match (nearest(name, names.iter().copied()), names.is_empty()) {
        (Some(near), _) => format!("did you mean \"{near}\"?"),
        (None, true) => "take it out: a single [provider] has no name".to_owned(),
        (None, false) => format!("the providers are: {}", names.join(", ")),
    };
    item.context.missing(
        &item.span(),
        item.key.clone(),
        format!("there is no provider \"{}\"", crate::read::short(name)),
        help,
    );
    None
}

fn kind_of(name: Option<&str>, kinds: &[(Option<String>, ProviderKind)]) -> ProviderKind {
    let found = match (name, kinds) {
        (None, [only]) => Some(only),
        (None, _) => None,
        (Some(name), all) => all.iter().find(|(own, _)| own.as_deref() == Some(name)),
    };
    found.map_or(ProviderKind::Detect, |(_, kind)| *kind)
}

/// The kind of one claim's name, for lists that hold them.
pub(super) const CLAIM: Kind = Kind::Text("the name of a claim");
