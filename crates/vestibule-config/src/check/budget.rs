//! What has to fit into cookies and heads, as far as the settings tell.

use super::Tables;
use crate::read::{Context, finding};
use crate::section::route::AccessToken;
use crate::section::session::{SessionSettings, StoreSettings};

/// What an answer's head has besides cookies of ours: the app's own fields, and a page's policy.
const BESIDE_COOKIES_BYTES: usize = 1024;

/// What is kept of `cookie_limit` for sign-ins under way.
const SIGN_IN_BYTES: usize = 1024;

/// What a session takes in cookies without the tokens of further resources: claims, the sign-in's tokens.
const SESSION_BYTES: usize = 3072;

/// What the token of one more resource takes there.
const TOKEN_BYTES: usize = 1280;

pub(super) fn cookies(context: &Context<'_>, tables: &Tables<'_>) {
    let Some(session) = tables.session else {
        return;
    };
    if session.store == StoreSettings::Cookie {
        front(context, tables, session);
        resources(context, tables, session);
    }
}

/// The answer that ends a sign-in has to pass whatever is in front.
fn front(context: &Context<'_>, tables: &Tables<'_>, session: &SessionSettings) {
    let most = session.cookie_limit_bytes + BESIDE_COOKIES_BYTES;
    let (at, key) = (tables.root.of("session"), "session.front_buffer".to_owned());
    match session.front_buffer_bytes {
        None if tables.is_behind => context.warning(
            at,
            key,
            finding(
                "VST-HEADER-FRONT-BUFFER",
                format!(
                    "the answer that ends a sign-in has up to {} KiB of head, and a proxy in front takes 4 KiB where nobody changed it",
                    most.div_ceil(1024)
                ),
            ),
            "nginx: proxy_buffer_size 16k; proxy_buffers 4 16k; proxy_busy_buffers_size 16k; then write front_buffer = \"16KiB\" in [session]",
        ),
        Some(taken) if taken < most => context.warning(
            at,
            key,
            finding(
                "VST-HEADER-FRONT-BUFFER",
                format!(
                    "the proxy in front takes {} KiB of an answer's head, and the one that ends a sign-in has up to {} KiB",
                    taken / 1024,
                    most.div_ceil(1024)
                ),
            ),
            "raise its buffer and `front_buffer`, lower `cookie_limit`, or keep sessions on the server: store = \"file:/var/lib/vestibule/sessions\"",
        ),
        _ => {}
    }
}

/// Each route with a resource of its own has one more token in the cookies.
fn resources(context: &Context<'_>, tables: &Tables<'_>, session: &SessionSettings) {
    let mut wanted: Vec<(&AccessToken, Option<&str>)> = Vec::new();
    for route in tables.routes {
        let asked = route.value.access_token.as_ref();
        let Some(token @ AccessToken::Resource { .. }) = asked else {
            continue;
        };
        let one = (token, route.value.provider.as_deref());
        if !wanted.contains(&one) {
            wanted.push(one);
        }
    }
    // The first of a provider comes with the sign-in, and a session has one provider.
    let most = tables
        .providers
        .iter()
        .map(|provider| {
            let of_it = wanted.iter().filter(|(_, name)| {
                tables.providers.len() == 1 || *name == provider.value.name.as_deref()
            });
            of_it.count()
        })
        .max()
        .unwrap_or(0);
    let needed = SESSION_BYTES + most.saturating_sub(1) * TOKEN_BYTES;
    let room = session.cookie_limit_bytes.saturating_sub(SIGN_IN_BYTES);
    if needed > room {
        context.warning(
            tables.root.of("session"),
            "session.store",
            format!(
                "a session has the tokens of {most} resources, about {} KiB, and cookies have room for {} KiB: what does not fit is fetched anew by each replica",
                needed.div_ceil(1024),
                room / 1024
            ),
            "keep sessions on the server: store = \"file:/var/lib/vestibule/sessions\"; or let routes share a resource",
        );
    }
}
