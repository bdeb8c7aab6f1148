//! Tells the apps that somebody signed out: in frames of the page, as Entra does, and server to server,
//! which Entra does not (OIDC Back-Channel Logout §2.5).

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    directory::App,
    entropy,
    faults::Token,
    grants::Version,
    provider::Provider,
    sessions::SignedIn,
    tokens::{self, HeaderShape},
};

/// For a connection, and for each step on it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The addresses to open in frames. Entra says `sid`, and no `iss`.
pub(super) fn frames(provider: &Provider, leaving: &[&SignedIn]) -> Vec<String> {
    let apps = provider.directory.apps();
    let urls = apps
        .iter()
        .filter_map(|app| app.front_channel_logout_url.as_ref());
    urls.flat_map(|url| {
        leaving.iter().map(|known| {
            let mut url = url.clone();
            url.query_pairs_mut().append_pair("sid", known.sid.as_str());
            url.into()
        })
    })
    .collect()
}

/// Sends each app its logout token. Nobody waits for it.
pub(super) fn back_channel(provider: &Provider, version: Version, leaving: &[&SignedIn]) {
    for app in provider.directory.apps() {
        let Some(url) = &app.back_channel_logout_url else {
            continue;
        };
        for known in leaving {
            if let Some(token) = logout_token(provider, version, app, known) {
                let url = url.clone();
                // What came of it, the app's own log says.
                std::thread::spawn(move || post(&url, &token));
            }
        }
    }
}

fn logout_token(
    provider: &Provider,
    version: Version,
    app: &App,
    known: &SignedIn,
) -> Option<String> {
    let (account, now) = (&known.account, provider.now());
    let claims = json!({
        "iss": tokens::issuer(&provider.origin, version, account.tenant.as_str()),
        "aud": app.client_id.as_str(),
        "iat": now,
        "exp": now + 120,
        "jti": entropy::text(22),
        "sub": account.subject_for(app),
        "sid": known.sid.as_str(),
        "tid": account.tenant.as_str(),
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        tokens::LOCAL_CLAIM: "a logout token",
    });
    let claims = match claims {
        Value::Object(claims) => claims,
        _ => Map::new(),
    };
    let (keys, faults) = (&provider.keys, &provider.faults);
    tokens::sign(
        keys,
        faults,
        Token::LogoutToken,
        HeaderShape::V2,
        claims,
        now,
    )
    .ok()
}

fn post(url: &Url, token: &str) -> Option<()> {
    let body = format!("logout_token={token}");
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
        body.len()
    );
    let addresses = url.socket_addrs(|| None).ok()?;
    let mut stream = addresses
        .iter()
        .find_map(|address| TcpStream::connect_timeout(address, PATIENCE).ok())?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    // So that the other side is not cut in the middle of its answer.
    let _ = stream.take(1 << 16).read_to_end(&mut Vec::new());
    Some(())
}
