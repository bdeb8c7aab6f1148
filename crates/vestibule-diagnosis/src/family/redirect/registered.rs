//! Addresses that are not registered, and in what they differ from one that is.

use super::uri::{Uri, differs, is_refused, register, sent, unregistered, write_public_url};
use crate::catalogue::{Case, Row};
use crate::evidence::Origin;
use crate::shown::{shown, shown_list};
use crate::{Change, Confidence, Evidence, Severity};

const SOURCE: &str =
    "Microsoft identity platform: redirect URI (reply URL) restrictions and limitations";

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-REDIRECT-HTTP",
        title: "the redirect URI says http behind a TLS terminator",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "public reports on sign-in behind load balancers; mod_auth_openidc: OIDCXForwardedHeaders",
        symptom: "Microsoft's page says AADSTS50011 with a redirect URI that begins with `http://`, while people open the site with `https://`.",
        cause: "The machine in front ends TLS and passes plain http on. The sign-in proxy makes its redirect URI from the request it sees.",
        cure: "Write the public address into the configuration, so that nothing is guessed from the request.",
        fault: None,
        explains: &[
            "VST-REDIRECT-UNREGISTERED",
            "VST-REDIRECT-PLAIN-HTTP",
            "VST-REDIRECT-TWO",
            "VST-AADSTS-50011",
            "VST-AADSTS-500112",
        ],
        judge: http_behind_tls,
    },
    Row {
        code: "VST-REDIRECT-SLASH",
        title: "the redirect URI differs by a slash at its end",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: SOURCE,
        symptom: "Microsoft's page says AADSTS50011, and the two addresses look alike.",
        cause: "Redirect URIs are compared letter for letter, the slash at the end included. An address that is registered without a path gets one by itself.",
        cure: "Register the address exactly as it is sent. A path of its own, as `/.vestibule/callback`, avoids the question.",
        fault: None,
        explains: &["VST-REDIRECT-UNREGISTERED", "VST-AADSTS-50011"],
        judge: slash,
    },
    Row {
        code: "VST-REDIRECT-CASE",
        title: "the redirect URI differs in letter case",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: SOURCE,
        symptom: "Microsoft's page says AADSTS50011, and the two addresses look alike; or sign-in works and the cookie does not come back.",
        cause: "Entra compares paths with their letter case, and so do browsers with a cookie's path.",
        cure: "Write it in one case everywhere.",
        fault: None,
        explains: &["VST-REDIRECT-UNREGISTERED", "VST-AADSTS-50011"],
        judge: letter_case,
    },
    Row {
        code: "VST-REDIRECT-UNREGISTERED",
        title: "this redirect URI is not registered",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: SOURCE,
        symptom: "Microsoft's page says AADSTS50011 and shows the redirect URI that was sent.",
        cause: "The address that was sent is none of the registered ones. Scheme, host, port, path, letter case and a slash at the end all count.",
        cure: "Register the address under the platform Web, or correct `public_url`.",
        fault: None,
        explains: &[
            "VST-AADSTS-50011",
            "VST-AADSTS-70004",
            "VST-AADSTS-900971",
            "VST-AADB2C-90006",
        ],
        judge: not_registered,
    },
    Row {
        code: "VST-REDIRECT-PORTS",
        title: "localhost addresses that differ by port alone",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: SOURCE,
        symptom: "On one's own machine the browser comes back to another port than it left from.",
        cause: "For `localhost` Entra does not look at the port, so of several such addresses it picks any.",
        cure: "Let them differ by path, or register one alone.",
        fault: None,
        explains: &[],
        judge: ports,
    },
];

fn http_behind_tls(evidence: &Evidence) -> Option<Case> {
    // Text alone does not say what the address is to be.
    if evidence.settings.is_none() && evidence.request.is_none() {
        return None;
    }
    let sent = sent(evidence)?;
    let uri = Uri::of(&sent)?;
    if !uri.is_plain() || uri.is_loopback() {
        return None;
    }
    let settings = evidence.settings.as_ref();
    let known = settings.map(|settings| {
        let registered = settings.registered_redirect_uris.iter().flatten();
        settings
            .public_urls
            .iter()
            .chain(registered)
            .chain(&settings.redirect_uri)
    });
    let public = known.into_iter().flatten().any(|url| {
        Uri::of(url)
            .is_some_and(|url| !url.is_plain() && url.host().eq_ignore_ascii_case(uri.host()))
    });
    let forwarded = evidence
        .request
        .as_ref()
        .and_then(|request| request.value("X-Forwarded-Proto"))
        .is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"));
    if !public && !forwarded {
        return None;
    }
    let path = if uri.path.is_empty() {
        "/.vestibule/callback"
    } else {
        uri.path
    };
    let https = format!("https://{}{path}", uri.host());
    let why = match (public, forwarded) {
        (_, true) => "the request came with `X-Forwarded-Proto: https`",
        _ => "the public address is `https`",
    };
    let mut case = Case::new(format!("The redirect URI is {}, and {why}.", shown(&sent))).change(
        write_public_url(evidence, &https, "Write the address people type."),
    );
    if evidence.from_apache() {
        case = case.change(
            Change::apache(
                "OIDCXForwardedHeaders",
                "Or believe what the front proxy says, if only it can reach Apache.",
            )
            .line("OIDCXForwardedHeaders X-Forwarded-Proto"),
        );
    }
    Some(case.change(register(&https)))
}

fn slash(evidence: &Evidence) -> Option<Case> {
    let (sent, meant) = differs(evidence, |sent, meant| {
        (sent.scheme, sent.authority, sent.path.trim_end_matches('/'))
            == (
                meant.scheme,
                meant.authority,
                meant.path.trim_end_matches('/'),
            )
    })?;
    Some(
        Case::new(format!(
            "{} was sent, {} is known: they differ by a slash.",
            shown(&sent),
            shown(&meant)
        ))
        .change(register(&sent)),
    )
}

fn letter_case(evidence: &Evidence) -> Option<Case> {
    let (sent, meant) = differs(evidence, |sent, meant| {
        sent.scheme == meant.scheme
            && sent.authority.eq_ignore_ascii_case(meant.authority)
            && sent.path.eq_ignore_ascii_case(meant.path)
    })?;
    Some(
        Case::new(format!(
            "{} was sent, {} is known: they differ in letter case.",
            shown(&sent),
            shown(&meant)
        ))
        .change(register(&sent)),
    )
}

fn not_registered(evidence: &Evidence) -> Option<Case> {
    let sent = unregistered(evidence)?;
    let settings = evidence.settings.as_ref();
    let list = settings.and_then(|settings| settings.registered_redirect_uris.as_deref());
    let own = settings.and_then(|settings| settings.redirect_uri.as_deref());
    let beside = match (list, own) {
        (Some(list), _) => format!(
            "; registered is {}",
            shown_list(list.iter().map(String::as_str), "or")
        ),
        (None, Some(own)) if own != sent => format!("; this configuration makes {}", shown(own)),
        _ => String::new(),
    };
    let verb = match is_refused(evidence) {
        true => "was refused",
        false => "is sent",
    };
    let mut case = Case::new(format!("The redirect URI {} {verb}{beside}.", shown(&sent)))
        .change(register(&sent));
    let ours = settings.is_none_or(|settings| {
        matches!(settings.origin, None | Some(Origin::Toml | Origin::Apache))
    });
    if ours {
        case = case.change(write_public_url(
            evidence,
            own.filter(|own| *own != sent)
                .unwrap_or(match evidence.from_apache() {
                    true => "https://PUBLIC-HOST/oidc/callback",
                    false => "https://PUBLIC-HOST/.vestibule/callback",
                }),
            "Or, if that is not the address people type, correct it here.",
        ));
    }
    Some(case)
}

fn ports(evidence: &Evidence) -> Option<Case> {
    let list = evidence
        .settings
        .as_ref()?
        .registered_redirect_uris
        .as_ref()?;
    let local = |uri: &str| Uri::of(uri).is_some_and(|uri| uri.host() == "localhost");
    let (one, other) = list.iter().enumerate().find_map(|(place, one)| {
        let alike = |other: &&String| *other != one && local(one) && super::uri::same(one, other);
        Some((one, list.iter().skip(place + 1).find(alike)?))
    })?;
    Some(
        Case::new(format!(
            "Registered are {} and {}.",
            shown(one),
            shown(other)
        ))
        .change(Change::portal(
            "App registrations > your sign-in app > Authentication > Redirect URIs",
            "Keep one of them, or give each a path of its own.",
        )),
    )
}
