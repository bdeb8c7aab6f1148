//! Hosts, addresses and sign-ins of what stands in front.

use std::net::IpAddr;

use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::{Settings, host_of};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-FRONT-INTERNAL-HOST",
        title: "the redirect URI names an inner host",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "RFC 9110 §7.2; public reports of apps behind an ingress",
        symptom: "After the provider's page the browser finds no such host; or the provider says that the redirect \
                  URI is not registered, and it is an inner address.",
        cause: "The redirect URI was made from the request as the inner machine saw it: the proxy in front put \
                another `Host` there.",
        cure: "Configure the address people type, and let nothing make it from the request.",
        fault: None,
        explains: &[
            "VST-REDIRECT-UNREGISTERED",
            "VST-REDIRECT-HOST",
            "VST-REDIRECT-HTTP",
            "VST-REDIRECT-PLAIN-HTTP",
            "VST-AADSTS-50011",
        ],
        judge: internal_host,
    },
    Row {
        code: "VST-FRONT-CLIENT-ADDRESS",
        title: "the proxy in front is not believed",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "RFC 7239 §8.1; docs/configuration.md, trusted_proxies",
        symptom: "The log has one address for everybody, and rules by network let in nobody or everybody.",
        cause: "The request came through a proxy that says who the client is, and that proxy is not among those \
                which are believed.",
        cure: "Name the proxy in front, and no more than that: who is named can claim any address.",
        fault: None,
        explains: &[],
        judge: client_address,
    },
    Row {
        code: "VST-FRONT-TWO-SIGN-INS",
        title: "something in front signs people in as well",
        severity: Severity::Warning,
        confidence: Confidence::Observed,
        source: "Azure App Service: work with user identities; the fields of other platforms",
        symptom: "People sign in twice, or sign-in goes round in circles on one platform alone.",
        cause: "The platform in front has a sign-in of its own that is switched on, and tells of it in headers.",
        cure: "Switch one of the two off. Believe the platform's headers only where a setting says so.",
        fault: None,
        explains: &["VST-HEADER-FORGED", "VST-COOKIE-LOOP"],
        judge: two_sign_ins,
    },
];

/// Whether only machines inside know a host of this name.
pub(super) fn is_inner(host: &str) -> bool {
    let lower = host.to_ascii_lowercase();
    let named = [
        ".internal",
        ".local",
        ".svc",
        ".lan",
        ".intranet",
        ".home.arpa",
    ]
    .iter()
    .any(|end| lower.ends_with(end))
        || lower.contains(".svc.");
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_private() || ip.is_unspecified(),
        Ok(IpAddr::V6(ip)) => ip.is_unspecified() || ip.is_unique_local(),
        Err(_) => named || (!lower.contains('.') && lower != "localhost"),
    }
}

fn internal_host(evidence: &Evidence) -> Option<Case> {
    let settings = evidence.settings.as_ref();
    let sent = super::super::said::message_redirect_uri(evidence)
        .or_else(|| settings?.redirect_uri.clone())?;
    let host = host_of(&sent)?;
    let outer = |url: &str| {
        host_of(url)
            .filter(|host| !is_inner(host))
            .map(str::to_owned)
    };
    let public = settings
        .iter()
        .flat_map(|settings| &settings.public_urls)
        .find_map(|url| outer(url));
    let forwarded = || {
        evidence
            .request
            .as_ref()?
            .value("X-Forwarded-Host")
            .map(str::to_owned)
    };
    let registered = || {
        settings?
            .registered_redirect_uris
            .as_ref()?
            .iter()
            .find_map(|url| outer(url))
    };
    let opened = || outer(evidence.request.as_ref()?.url.as_deref()?);
    let meant = public
        .or_else(forwarded)
        .or_else(registered)
        .or_else(opened);
    // A message that names an address of a cluster or a machine says enough; a name can be an intranet's.
    let cluster = !host.contains('.') || host.contains(".svc") || host.parse::<IpAddr>().is_ok();
    let said = evidence.settings.is_none() && cluster && evidence.has_aadsts(&[50_011]);
    if !is_inner(host) || (meant.is_none() && !said) {
        return None;
    }
    let meant = meant.filter(|host| {
        host.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'))
    });
    let meant = meant.as_deref().unwrap_or("PUBLIC-HOST");
    Some(
        Case::new(format!(
            "The redirect URI is {}, which no browser outside can open.",
            shown(&sent)
        ))
        .change(setting(
            evidence,
            Change::config("public_url", "Write the address people type.")
                .line(format!("public_url = \"https://{meant}\"")),
            Change::apache(
                "OIDCRedirectURI",
                "Write it whole, with the host people type.",
            )
            .line(format!("OIDCRedirectURI https://{meant}/oidc/callback")),
        ))
        .change(
            Change::environment(
                "the proxy in front",
                "Let it pass `Host` on as the browser sent it; for nginx:",
            )
            .line(super::host::NGINX),
        ),
    )
}

/// Whether `network`, as in `10.0.0.0/8` or one address, holds `address`.
fn holds(network: &str, address: IpAddr) -> bool {
    let (base, bits) = match network.split_once('/') {
        Some((base, bits)) => (base, bits.parse::<u32>().ok()),
        None => (network, Some(128)),
    };
    let (Ok(base), Some(bits)) = (base.parse::<IpAddr>(), bits) else {
        return false;
    };
    match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            let shift = 32 - bits.min(32);
            let mask = u32::MAX.checked_shl(shift).unwrap_or(0);
            u32::from(base) & mask == u32::from(address) & mask
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => {
            let shift = 128 - bits.min(128);
            let mask = u128::MAX.checked_shl(shift).unwrap_or(0);
            u128::from(base) & mask == u128::from(address) & mask
        }
        _ => false,
    }
}

/// Whether an address is one of our own networks', where proxies in front are.
fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_loopback(),
    }
}

fn client_address(evidence: &Evidence) -> Option<Case> {
    let settings: &Settings = evidence.settings.as_ref()?;
    let trusted = settings.listener.trusted_proxies.as_ref()?;
    let request = evidence.request.as_ref()?;
    request
        .header("X-Forwarded-For")
        .or_else(|| request.header("Forwarded"))?;
    let peer: IpAddr = request.peer.as_deref()?.parse().ok()?;
    // A wrong scheme has the same cause and is told as that.
    let plain = settings
        .redirect_uri
        .as_deref()
        .is_some_and(|uri| uri.starts_with("http://"));
    // From far away anybody can send such a field.
    if plain || !is_near(peer) || trusted.iter().any(|network| holds(network, peer)) {
        return None;
    }
    Some(
        Case::new(format!("A request came from {} with `X-Forwarded-For`, and that proxy is not trusted.", shown(&peer.to_string())))
            .change(setting(
                evidence,
                Change::config("trusted_proxies", "If it is your proxy: name it.")
                    .line(format!("trusted_proxies = [\"{peer}\"]")),
                Change::apache("RemoteIPInternalProxy", "If it is your proxy: name it, with mod_remoteip.")
                    .line(format!("RemoteIPInternalProxy {peer}")),
            ))
            .change(Change::environment(
                "the proxy in front",
                "Let it set `X-Forwarded-For` itself or append to it, never pass a client's own on alone.",
            )),
    )
}

/// Fields in which platforms tell of their own sign-in, and how that is switched off.
const PLATFORMS: [(&str, &str, &str); 6] = [
    (
        "X-MS-CLIENT-PRINCIPAL",
        "App Service or Container Apps > Authentication",
        "Azure's built-in authentication",
    ),
    (
        "X-Amzn-Oidc-Data",
        "EC2 > Load balancers > Listener rules > Authenticate",
        "the load balancer of AWS",
    ),
    (
        "X-Goog-Iap-Jwt-Assertion",
        "Security > Identity-Aware Proxy",
        "Google's Identity-Aware Proxy",
    ),
    (
        "Cf-Access-Jwt-Assertion",
        "Zero Trust > Access > Applications",
        "Cloudflare Access",
    ),
    (
        "X-Auth-Request-User",
        "the ingress's auth-url annotation",
        "oauth2-proxy in front",
    ),
    (
        "X-Pomerium-Jwt-Assertion",
        "the route of Pomerium",
        "Pomerium",
    ),
];

fn two_sign_ins(evidence: &Evidence) -> Option<Case> {
    let request = evidence.request.as_ref()?;
    let (field, place, who) = PLATFORMS
        .iter()
        .find(|(field, ..)| request.header(field).is_some())?;
    Some(
        Case::new(format!("The request came with `{field}`: {who} has signed somebody in."))
            .change(Change::environment(
                *place,
                "Switch it off for this site, or let it pass everybody, and leave sign-in to the proxy.",
            ))
            .change(Change::environment("the proxy", "Or leave sign-in to the platform, and take the proxy out.")),
    )
}

#[cfg(test)]
#[test]
fn networks_hold_their_addresses_alone() {
    let ip = |text: &str| text.parse().unwrap();
    assert!(holds("10.0.0.0/8", ip("10.9.9.9")) && !holds("10.0.0.0/8", ip("11.0.0.1")));
    assert!(holds("0.0.0.0/0", ip("1.2.3.4")) && holds("::/0", ip("::1")));
    assert!(holds("10.1.2.3", ip("10.1.2.3")) && !holds("10.1.2.3", ip("10.1.2.4")));
    assert!(
        holds("fd00::/8", ip("fd12::1"))
            && !holds("fd00::/8", ip("10.1.2.3"))
            && !holds("x", ip("::1"))
    );
}
