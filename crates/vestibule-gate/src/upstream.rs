//! The head that goes to the upstream, written anew from the request that was decided on.
//!
//! In this order: hop-by-hop fields go, and those `Connection` names; every name we may set goes, in
//! every spelling, on every route; our own cookies go; then ours are added. So nothing a client
//! writes can stand for something of ours, or take something of ours away.

use std::borrow::Cow;

use bytes::Bytes;
use vestibule_http1::persistence::ConnectionOptions;
use vestibule_session::cookie::{Stripped, strip_with};
use vestibule_session::store::Stored;

use crate::authorize::Authorized;
use crate::claims::Claims;
use crate::fields::{Fields, FoldedNames, Known, KnownSet, folds_to};
use crate::forwarded::{PublicAddress, Rebuilt};
use crate::framing::BodyFraming;
use crate::headers::{Identity, Token};
use crate::method::Method;
use crate::request::{Request, Upgrade, join_query};
use crate::route::Route;
use crate::rule::Requirement;

/// The head of a request to an upstream. The framing fields are left to whoever writes it on a
/// connection, and so is `Host`, but for routes that keep the site's.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UpstreamHead {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: Bytes,
    /// The fields, with a `Host` where the route keeps it, without `Content-Length`, `Transfer-Encoding` and `Expect`, and without
    /// those of the identity, which follow them.
    pub fields: Fields,
    /// How the body is delimited.
    pub body: BodyFraming,
    /// The switch of protocols to ask for; its fields are already there.
    pub upgrade: Option<Upgrade>,
    /// Whether trailers go on, both ways.
    pub trailers: bool,
}

/// Fields that are never passed on as they come: hop-by-hop (RFC 9110 §7.6.1), made anew by whoever
/// writes the head, or rebuilt from the connection.
const NEVER: [&str; 17] = [
    "connection",
    "proxy-connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "proxy-authorization",
    "proxy-authenticate",
    // A CGI program takes it for its own HTTP_PROXY.
    "proxy",
    "host",
    "content-length",
    "expect",
    "forwarded",
    "x-real-ip",
    "x-scheme",
];

/// Beginnings of names by which proxies tell upstreams about the client.
const NEVER_PREFIXES: [&str; 3] = ["x-forwarded-", "x-original-", "x-rewrite-"];

/// Names that upstreams are known to take a person's word from, whoever set them. Nobody but the
/// proxy in front of them has a reason to send one, so they go even where no route sets them.
const BELIEVED: [&str; 3] = ["remote-user", "x-remote-user", "x-webauth-user"];
const BELIEVED_PREFIXES: [&str; 4] = [
    "oidc-",
    "x-auth-request-",
    "x-ms-client-principal",
    "x-ms-token-",
];

/// Fields by which frameworks take another method than that of the request line.
const METHOD_OVERRIDES: [&str; 3] = ["xhttpmethodoverride", "xhttpmethod", "xmethodoverride"];

/// Every name that no client may send to an upstream, made once from all routes.
#[derive(Debug, Clone)]
pub(crate) struct Scrub {
    names: FoldedNames,
    /// Which known names are among them.
    known: KnownSet,
}

impl Scrub {
    pub(crate) fn of(routes: &[Route]) -> Self {
        let mut names = FoldedNames::default();
        for name in NEVER {
            names.insert(name);
        }
        for prefix in NEVER_PREFIXES {
            names.insert_prefix(prefix);
        }
        for name in BELIEVED {
            names.insert(name);
        }
        for prefix in BELIEVED_PREFIXES {
            names.insert_prefix(prefix);
        }
        for route in routes {
            names.extend(&route.headers.names());
        }
        let known = KnownSet::where_name(|name| names.contains(name.as_bytes()));
        Self { names, known }
    }

    /// The names, in any spelling.
    pub(crate) const fn names(&self) -> &FoldedNames {
        &self.names
    }

    /// What is left of the client's fields.
    fn apply(&self, request: &Request, route: &Route) -> Fields {
        let named = ConnectionOptions::of(request.fields());
        let overrides =
            matches!(&route.require, Requirement::Rules(rule) if rule.looks_at_method());
        let authorization = route.headers.sets_authorization();
        let mut known = self.known.or(named.known());
        if authorization {
            known = known.with(Known::Authorization);
        }
        let all = request.fields();
        let cookies = match all.first_known(Known::Cookie) {
            // Reading a request leaves it at most one field of cookies.
            _ if all.is_repeated(Known::Cookie) => Stripped::Nothing,
            Some(cookies) => strip_with(cookies, &route.strip_cookies),
            None => Stripped::Unchanged,
        };
        if cookies == Stripped::Nothing {
            known = known.with(Known::Cookie);
        }
        // What is no known name may be another spelling of one.
        let unknown = |name: &[u8]| {
            self.names.contains(name)
                || (authorization && folds_to(name, "authorization"))
                || (overrides && METHOD_OVERRIDES.iter().any(|one| folds_to(name, one)))
        };
        let mut fields = all.kept_without(known, FORWARDING, |field| {
            !unknown(field.name) && !named.contain(field)
        });
        if let Stripped::Rest(rest) = cookies {
            let mut rest = Some(rest);
            fields.rewrite(|field| {
                (field.known == Some(Known::Cookie)).then(|| rest.take().unwrap_or_default())
            });
        }
        fields
    }
}

/// Room for what is added after the client's fields: lines, and their bytes.
const FORWARDING: (usize, usize) = (9, 400);

impl Authorized<'_> {
    /// The fields that tell the upstream who sent the request; none on a public route. They stay the
    /// same as long as the session's record and the token do.
    #[must_use]
    pub fn identity_fields(&self, token: Option<Token<'_>>) -> Fields {
        let Some(session) = self.session() else {
            return Fields::new();
        };
        identity(self.matched().route(), session, token)
    }

    /// The name of the person who sent the request, by the route's choice of claims.
    #[must_use]
    pub fn user(&self) -> Option<Cow<'_, str>> {
        self.matched().route().user_of(self.session()?)
    }

    /// The head for the upstream.
    pub(crate) fn head(
        &self,
        scrub: &Scrub,
        request: &Request,
        public: &PublicAddress,
    ) -> UpstreamHead {
        let matched = self.matched();
        let route = matched.route();
        let mut fields = scrub.apply(request, route);
        let removed = !route.keep_prefix && !route.prefix.is_root();
        let prefix = removed.then(|| route.prefix.to_path());
        Rebuilt {
            client: request.client_ip(),
            proxies: request.proxies(),
            public,
            prefix: prefix.as_ref().map(|prefix| prefix.as_bytes()),
        }
        .write(&mut fields);
        if route.keep_host {
            // The site's, which is what the request was found by, in one spelling.
            fields.push("Host", matched.site().authority());
        }
        let upgrade = request.upgrade().filter(|_| route.websocket);
        if upgrade == Some(Upgrade::WebSocket) {
            fields.push("Connection", "Upgrade");
            fields.push("Upgrade", "websocket");
        }
        UpstreamHead {
            method: request.method().clone(),
            target: join_query(matched.upstream_path(), request.query()),
            fields,
            body: request.body(),
            upgrade,
            trailers: route.trailers,
        }
    }
}

fn identity(route: &Route, session: &Stored, token: Option<Token<'_>>) -> Fields {
    let (user, record) = (route.user_of(session), session.record());
    // It is put together for whoever asks.
    let passes_id_token = route.headers.passes_id_token();
    let id_token = passes_id_token.then(|| record.id_token()).flatten();
    let identity = Identity {
        claims: Claims::of(session),
        user: user.as_deref(),
        token,
        id_token: id_token.as_ref().map(|token| &**token.expose()),
        userinfo_token: record.userinfo_token().map(|token| &**token.expose()),
        refresh_token: record.refresh_token().map(|token| &**token.expose()),
    };
    route.headers.write(&identity)
}

/// How much of a request's head the fields take that tell a route's upstream about the person of a session: the name and
/// the size of each. They themselves are for requests that may go there.
#[must_use]
pub fn identity_sizes(
    route: &Route,
    session: &Stored,
    token: Option<Token<'_>>,
) -> Vec<(String, usize)> {
    let fields = identity(route, session, token);
    let sizes = fields.iter().map(|field| {
        let name = String::from_utf8_lossy(field.name).into_owned();
        (name, field.value.len())
    });
    sizes.collect()
}

#[cfg(test)]
mod tests;
