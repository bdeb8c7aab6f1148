//! `[provider]` and `[outbound]`: who says who people are, and our registration there.

use url::Url;

use super::{Choices, Draft, endpoints, is_on, parameters, path_scope, weakened};
use crate::apache::expand::Line;
use crate::apache::report::Ledger;
use crate::apache::site::Site;
use crate::apache::syntax::Place;
use crate::apache::write::{list, text};

/// The variable and the file that hold the client secret.
pub(in crate::apache) const CLIENT_SECRET: (&str, &str) = ("OIDC_CLIENT_SECRET", "client-secret");

pub(in crate::apache) fn map(
    site: &Site<'_>,
    choices: &Choices,
    draft: &mut Draft,
    ledger: &mut Ledger,
    whole: &Place,
) {
    metadata(site, draft, ledger, whole);
    client(site, choices, draft, ledger, whole);
    scopes(site, draft, ledger);
    response(site, draft, ledger);
    checks(site, draft, ledger);
    weakened::map(site, draft, ledger);
    endpoints::map(site, draft, ledger);
    user_info(site, ledger);
    parameters::of_site(site, draft, ledger);
    outbound(site, choices, draft, ledger);
}

fn metadata(site: &Site<'_>, draft: &mut Draft, ledger: &mut Ledger, whole: &Place) {
    let url = site.setting(ledger, "OIDCProviderMetadataURL");
    let issuer = site.setting(ledger, "OIDCProviderIssuer");
    match (url, issuer) {
        (Some(line), _) => {
            draft
                .provider
                .put("metadata_url", text(line.word(0)), Some(&line.at));
            ledger.became(line, "provider.metadata_url");
            draft.as_written.is_entra_v2 = is_entra_v2(line.word(0));
        }
        (None, Some(line)) => {
            ledger.differs(
                line,
                "provider.issuer, below which the metadata are looked for: endpoints are not written by hand",
                "run `vestibule doctor` to see that they are there",
            );
        }
        (None, None) => {
            if site.last("OIDCMetadataDir").is_none() {
                missing(whole, ledger);
            }
        }
    }
    if let Some(line) = issuer {
        draft
            .provider
            .put("issuer", text(line.word(0)), Some(&line.at));
        if url.is_some() {
            ledger.became(line, "provider.issuer, which the metadata must name");
        }
    }
}

/// Stops for want of a provider.
pub(in crate::apache) fn missing(whole: &Place, ledger: &mut Ledger) {
    ledger.stop_at(
        whole,
        "OIDCProviderMetadataURL",
        "no OIDCProviderMetadataURL says which provider signs people in",
        "write it: for Entra OIDCProviderMetadataURL https://login.microsoftonline.com/TENANT-ID/v2.0/.well-known/openid-configuration",
    );
}

/// Entra's v2.0 endpoint, or one that looks like it: `…/TENANT/v2.0/.well-known/openid-configuration`.
pub(super) fn is_entra_v2(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    matches!(
        segments.as_slice(),
        [_, "v2.0", ".well-known", "openid-configuration"]
    )
}

fn client(
    site: &Site<'_>,
    choices: &Choices,
    draft: &mut Draft,
    ledger: &mut Ledger,
    whole: &Place,
) {
    match site.setting(ledger, "OIDCClientID") {
        Some(line) => {
            draft
                .provider
                .put("client_id", text(line.word(0)), Some(&line.at));
            ledger.became(line, "provider.client_id");
        }
        None if site.last("OIDCMetadataDir").is_some() => {}
        None => ledger.stop_at(
            whole,
            "OIDCClientID",
            "no OIDCClientID names our registration at the provider",
            "write it; for Entra it is Application (client) ID, under App registrations, Overview",
        ),
    }
    let secret = site.setting(ledger, "OIDCClientSecret");
    if let Some(line) = secret {
        if line.word(0).starts_with("exec:") {
            ledger.stop(
                line,
                "this names a command, and an import runs none",
                "write its output in its place, or define a variable: OIDCClientSecret ${CLIENT_SECRET}",
            );
        } else {
            let named = draft.secret(
                choices.secrets,
                CLIENT_SECRET.0,
                CLIENT_SECRET.1,
                line.word(0),
            );
            draft.provider.put("client_secret", &*named, Some(&line.at));
            ledger.became(
                line,
                "provider.client_secret, with the secret itself kept apart",
            );
        }
    }
    let Some(line) = site.setting(ledger, "OIDCProviderTokenEndpointAuth") else {
        return;
    };
    let method = line.word(0);
    match (method, secret) {
        ("client_secret_basic" | "client_secret_post", _) => {
            draft
                .provider
                .put("client_authentication", text(method), Some(&line.at));
            ledger.became(
                line,
                format!("provider.client_authentication = \"{method}\""),
            );
        }
        ("none", None) => {
            draft
                .provider
                .put("client_authentication", "\"none\"", Some(&line.at));
            ledger.became(line, "provider.client_authentication = \"none\"");
        }
        ("none", Some(_)) => ledger.stop(
            line,
            "there is a secret, and `none` never sends it",
            "take one of the two out",
        ),
        _ => ledger.stop(
            line,
            format!("{method} is not built yet"),
            "use client_secret_basic or client_secret_post at the provider",
        ),
    }
}

fn scopes(site: &Site<'_>, draft: &mut Draft, ledger: &mut Ledger) {
    let line = site.setting(ledger, "OIDCScope");
    let written: Vec<String> = match line {
        Some(line) => line
            .words
            .iter()
            .flat_map(|word| word.split_ascii_whitespace())
            .map(str::to_owned)
            .collect(),
        None => vec!["openid".to_owned()],
    };
    let mut scopes: Vec<String> = Vec::new();
    let has_openid = written.iter().any(|scope| scope == "openid");
    if !has_openid {
        scopes.push("openid".to_owned());
    }
    let of_paths = path_scope::of_sign_in(site, ledger);
    for scope in written.iter().chain(&of_paths) {
        if !scopes.contains(scope) {
            scopes.push(scope.clone());
        }
    }
    let value = list(&scopes);
    match line {
        Some(line) if has_openid => ledger.became(line, format!("provider.scopes = {value}")),
        Some(line) => ledger.differs(
            line,
            format!("provider.scopes = {value}: `openid` is added, without which there is no ID token, and so no sign-in"),
            "",
        ),
        None => {}
    }
    draft.provider.put_with(
        "scopes",
        value,
        line.map(|line| &line.at),
        (!has_openid).then_some("openid was missing"),
    );
    draft.as_written.scopes = Some(written);
}

fn response(site: &Site<'_>, draft: &mut Draft, ledger: &mut Ledger) {
    if let Some(line) = site.setting(ledger, "OIDCResponseType") {
        match line.words.join(" ").as_str() {
            "code" => ledger.became(line, "the same, always: code"),
            other => ledger.differs(
                line,
                format!("code instead of {other}: tokens don't pass through the browser"),
                "allow the authorization code flow at the provider",
            ),
        }
    }
    if let Some(line) = site.setting(ledger, "OIDCResponseMode") {
        let https = draft
            .as_written
            .redirect_uri
            .as_deref()
            .is_some_and(|uri| uri.starts_with("https:"));
        match line.word(0) {
            "form_post" if https => {
                draft
                    .provider
                    .put("response_mode", "\"form_post\"", Some(&line.at));
                ledger.became(line, "provider.response_mode = \"form_post\"");
            }
            "query" => ledger.became(line, "the same, by default: query"),
            mode => ledger.differs(line, format!("query instead of {mode}"), ""),
        }
    }
    if let Some(line) = site.setting(ledger, "OIDCProviderAuthRequestMethod") {
        match line.word(0) {
            "GET" => ledger.became(line, "the same, always: GET"),
            method => ledger.differs(
                line,
                format!("GET: {method} is not built yet"),
                "let the provider take requests without it",
            ),
        }
    }
}

/// What Vestibule checks always, whatever is written.
fn checks(site: &Site<'_>, draft: &mut Draft, ledger: &mut Ledger) {
    if let Some(line) = site.setting(ledger, "OIDCProfile") {
        match line.word(0) {
            "OIDC10" => ledger.became(line, "the same"),
            _ => ledger.stop(
                line,
                "FAPI is not built yet",
                "take it out if the provider does not ask for it",
            ),
        }
    }
    if let Some(line) = site.setting(ledger, "OIDCDPoPMode") {
        match line.word(0) {
            "off" => ledger.became(line, "the same"),
            _ => ledger.stop(
                line,
                "DPoP is not built yet",
                "write OIDCDPoPMode off, if the provider gives bearer tokens",
            ),
        }
    }
    if let Some(line) = site.setting(ledger, "OIDCCertBoundAccessTokens") {
        match is_on(line) {
            Some(false) => ledger.became(line, "the same"),
            _ => ledger.stop(
                line,
                "tokens are not bound to a certificate here",
                "take it out",
            ),
        }
    }
    if let Some(line) = site.setting(ledger, "OIDCIDTokenSignedResponseAlg") {
        algorithm(line, draft, ledger);
    }
    if let Some(line) = site.setting(ledger, "OIDCUserInfoSignedResponseAlg") {
        signed_user_info(site, line, draft, ledger);
    }
    if let Some(line) = site.setting(ledger, "OIDCIDTokenAudValues") {
        let only_ours = line.words.iter().all(|word| word == "@");
        match only_ours {
            true => ledger.became(line, "the same: the client id is the audience"),
            false => ledger.stop(
                line,
                "an ID token's audience is the client id, and no other",
                "have the provider write the client id into `aud`",
            ),
        }
    }
    if let Some(line) = site.setting(ledger, "OIDCIDTokenIatSlack") {
        ledger.differs(
            line,
            "a token from a minute ahead is taken, and an old one is told by its nonce, not by `iat`; `clock_skew` of [provider] says how far the clocks may be apart",
            "set both clocks with NTP",
        );
    }
    if let Some(line) = site.setting(ledger, "OIDCProviderBackChannelLogoutSupported") {
        match is_on(line) {
            Some(false) => ledger.became(line, "the same"),
            _ if site
                .last("OIDCSessionType")
                .is_some_and(|kind| kind.word(0).starts_with("client-cookie")) =>
            {
                ledger.differs(
                    line,
                    "the provider ends sessions that live here; those that browsers carry nobody knows, in Apache as well",
                    "",
                );
            }
            _ => ledger.became(
                line,
                "the same: the provider ends sessions at ?logout=backchannel of the redirect URI",
            ),
        }
    }
    if let Some(line) = site.setting(ledger, "OIDCRefreshAccessTokenBeforeExpiry") {
        ledger.differs(
            line,
            "access tokens are renewed before they expire, as long as there is a refresh token",
            "ask for the scope offline_access",
        );
    }
}

fn signed_user_info(site: &Site<'_>, line: &Line, draft: &mut Draft, ledger: &mut Ledger) {
    let word = line.word(0);
    let of_id_tokens = site.last("OIDCIDTokenSignedResponseAlg");
    let known = match of_id_tokens {
        Some(other) => other.word(0) == word,
        None => ["RS256", "PS256", "ES256"].contains(&word),
    };
    match known {
        true => {
            let asked = site.last("OIDCProviderUserInfoEndpoint");
            if asked.is_none_or(|endpoint| !endpoint.word(0).is_empty()) {
                draft.provider.put("userinfo", "\"signed\"", Some(&line.at));
            }
            ledger.became(
                line,
                "provider.userinfo = \"signed\": it is verified with the provider's keys, by the algorithms of ID tokens, its issuer and audience too; what is not signed is not believed",
            );
        }
        false => ledger.stop(
            line,
            format!(
                "user info that is signed with {word} is not read: it is signed as ID tokens are"
            ),
            "have the provider sign both with RS256, or send user info as JSON",
        ),
    }
}

fn algorithm(line: &Line, draft: &mut Draft, ledger: &mut Ledger) {
    let name = line.word(0);
    match name {
        "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" => {
            draft
                .provider
                .put("id_token_algorithms", list(&[name]), Some(&line.at));
            ledger.became(line, format!("provider.id_token_algorithms = [\"{name}\"]"));
        }
        _ => ledger.stop(
            line,
            format!("ID tokens that are signed with {name} are not accepted"),
            "set the registration to RS256 or ES256, and write that here",
        ),
    }
}

fn user_info(site: &Site<'_>, ledger: &mut Ledger) {
    if let Some(line) = site.setting(ledger, "OIDCUserInfoTokenMethod") {
        match line.word(0) {
            "authz_header" => ledger.became(line, "the same, always"),
            _ => ledger.differs(line, "the token goes in the Authorization field", ""),
        }
    }
}

fn outbound(site: &Site<'_>, choices: &Choices, draft: &mut Draft, ledger: &mut Ledger) {
    if let Some(line) = site.setting(ledger, "OIDCCABundlePath") {
        draft
            .outbound
            .put("ca_bundle", text(line.word(0)), Some(&line.at));
        ledger.differs(
            line,
            "outbound.ca_bundle, which is trusted besides the system's CAs",
            "",
        );
    }
    let Some(line) = site.setting(ledger, "OIDCOutgoingProxy") else {
        return;
    };
    let address = match line.word(0) {
        address if address.contains("://") => address.to_owned(),
        address => format!("http://{address}"),
    };
    let value = match line.word(1).split_once(':') {
        Some((user, password)) => {
            let Some(mut url) = Url::parse(&address)
                .ok()
                .filter(|url| url.host_str().is_some())
            else {
                ledger.stop(
                    line,
                    "this is no address of a proxy",
                    "write it like proxy.example.com:3128",
                );
                return;
            };
            // A parsed address with a host takes both.
            let _ = url.set_username(user);
            let _ = url.set_password(Some(password));
            draft.secret(
                choices.secrets,
                "OIDC_OUTGOING_PROXY",
                "outgoing-proxy",
                url.as_str(),
            )
        }
        None => text(&address),
    };
    draft.outbound.put("proxy", value, Some(&line.at));
    match line.word(2) {
        "" | "basic" | "any" => ledger.became(line, "outbound.proxy"),
        method => ledger.differs(
            line,
            format!("outbound.proxy, with basic authentication instead of {method}"),
            "",
        ),
    }
}
