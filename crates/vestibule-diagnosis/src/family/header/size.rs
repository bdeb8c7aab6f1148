//! Heads that are too large for somebody on the way.

use crate::catalogue::{Case, Row};
use crate::cure::{portal, setting};
use crate::evidence::Head;
use crate::shown::shown;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-HEADER-TOO-LARGE",
        title: "a server does not take so large a head",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "RFC 6585 §5; public reports for Jetty, Tomcat, nginx, Kestrel and Node",
        symptom: "Some people get 400, 431 or 502 from the app and others do not: mostly those in many groups.",
        cause: "The request's head has become larger than the upstream takes: 8 KB in many servers. The token \
                grows with the person's groups.",
        cure: "Send fewer claims and no token the app does not use, let tokens hold roles in place of groups, or \
               raise the upstream's limit.",
        fault: Some("oversize-token"),
        explains: &["VST-HEADER-FRONT-BUFFER"],
        judge: too_large,
    },
    Row {
        code: "VST-HEADER-CLIENT-TOO-LARGE",
        title: "the browser sends too large a head",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6585 §5",
        symptom: "The site answers 431 to one browser, and works in another or in a private window.",
        cause: "The cookies of this host, and of the domain it is in, have grown larger than the site takes.",
        cure: "Delete the site's cookies; find out which app of the domain makes so many.",
        fault: None,
        explains: &[],
        judge: client_too_large,
    },
    Row {
        code: "VST-HEADER-FRONT-BUFFER",
        title: "the proxy in front refuses the answer's head",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "nginx: proxy_buffer_size; public reports of sign-in behind an ingress",
        symptom: "After the provider's page comes 502, and nowhere else; nginx logs \"upstream sent too big header\".",
        cause: "The answer that ends the sign-in sets cookies with the session in them. Its head is larger than the \
                proxy in front takes: 4 or 8 KB in nginx.",
        cure: "Keep sessions on the server, so that the cookie is short; or give the proxy in front larger buffers.",
        fault: None,
        explains: &[],
        judge: front_buffer,
    },
];

/// What many servers take.
const USUAL_LIMIT_BYTES: usize = 8192;
/// What nginx takes of an answer where nobody changed it.
const FRONT_LIMIT_BYTES: usize = 4096;

/// Words of servers that found a head too large.
const WORDS: [&str; 8] = [
    "header too large",
    "header fields too large",
    "header or cookie too large",
    "headers too long",
    "header is too large",
    "header is too long",
    "exceeds server limit",
    "requestheaderstoolarge",
];

fn names_size(head: &Head) -> bool {
    head.hint.as_ref().is_some_and(|hint| {
        let hint = hint.to_ascii_lowercase();
        WORDS.iter().any(|words| hint.contains(words))
    })
}

/// The largest field and its size.
fn largest(head: &Head) -> Option<(&str, usize)> {
    let header = head.headers.iter().max_by_key(|header| header.length)?;
    Some((&header.name, header.length))
}

fn too_large(evidence: &Evidence) -> Option<Case> {
    let request = evidence.upstream_request.as_ref();
    let response = evidence.upstream_response.as_ref();
    let limit = evidence
        .route_settings()
        .and_then(|route| route.upstream_header_limit_bytes);
    let bytes = request.map(Head::bytes);
    let status = response.and_then(|response| response.status);
    let large = bytes.is_none_or(|bytes| bytes >= FRONT_LIMIT_BYTES);
    // Nobody answered yet: it is reckoned beforehand.
    let is_expected = response.is_none();
    let seen = match (status, bytes.zip(limit)) {
        (Some(status @ (431 | 494)), _) => format!("The upstream answers {status}."),
        (Some(status @ (400 | 413 | 500 | 502)), _) if response.is_some_and(names_size) => {
            format!("The upstream answers {status} and names the size of the head.")
        }
        (Some(status @ 400), _)
            if bytes.is_some_and(|bytes| bytes > USUAL_LIMIT_BYTES) && large =>
        {
            format!("The upstream answers {status}.")
        }
        (_, Some((bytes, limit))) if bytes > limit && is_expected => format!(
            "Requests of this person have about {bytes} bytes of head, and the upstream takes {limit} as far as is known."
        ),
        (_, Some((bytes, limit))) if bytes > limit => {
            format!("The upstream takes {limit} bytes of head, and the request has {bytes}.")
        }
        _ if evidence.heard(Saying::HeadTooLarge) && !logged_cookies(evidence) => {
            "The server says that the request's head is too large.".to_owned()
        }
        _ => return None,
    };
    // Where our own cookies are a good part of it, they are the cause.
    let own: usize = request.map_or(0, |request| {
        request
            .cookies
            .iter()
            .filter(|cookie| cookie.own)
            .map(|cookie| cookie.length)
            .sum()
    });
    if own > 0 && own * 4 >= bytes.unwrap_or(0) {
        return None;
    }
    let largest = request.and_then(largest);
    let seen = match largest.zip(bytes) {
        Some(((name, size), _)) if is_expected => {
            format!("{seen} The largest field is {} with {size}.", shown(name))
        }
        Some(((name, size), bytes)) => format!(
            "{seen} The head has {bytes} bytes; the largest field is {} with {size}.",
            shown(name)
        ),
        None => seen,
    };
    let case = Case::new(seen)
        .change(setting(
            evidence,
            Change::config("route.headers", "Send only the claims the app reads, and `access_token` only where it is used.")
                .line("headers = { \"X-User\" = \"@user\" }"),
            Change::apache("OIDCWhiteListedClaims", "Keep only the claims the app reads, and say `OIDCPassAccessToken Off`.")
                .line("OIDCWhiteListedClaims sub oid name email"),
        ))
        .change(Change::api(
            "largest request head",
            "Raise the server's limit: Jetty `jetty.httpConfig.requestHeaderSize`, Tomcat `maxHttpHeaderSize`, nginx \
             `large_client_header_buffers`, Kestrel `MaxRequestHeadersTotalSize`, Node `--max-http-header-size`.",
        ));
    let case = match is_expected && bytes.zip(limit).is_some() {
        true => case
            .severity(Severity::Warning)
            .confidence(Confidence::Inferred),
        false => case,
    };
    let case = match is_expected && limit.is_some() && !evidence.from_apache() {
        true => case.change(
            Change::config(
                "route.upstream_max_head",
                "If the upstream takes more, say how much.",
            )
            .line("upstream_max_head = \"16KiB\""),
        ),
        false => case,
    };
    Some(match evidence.product().is_none_or(crate::evidence::Product::is_entra) {
        true => case.change(Change::portal(
            format!("{} > Edit groups claim", portal::TOKEN_CONFIGURATION),
            "If groups make the token large: choose \"Groups assigned to the application\", or use app roles.",
        )),
        false => case,
    })
}

/// Whether nginx writes that it was the cookies: `client sent too long header line: "Cookie: …"`.
fn logged_cookies(evidence: &Evidence) -> bool {
    evidence.says("too long header line: \"cookie")
}

fn client_too_large(evidence: &Evidence) -> Option<Case> {
    if logged_cookies(evidence) {
        return Some(
            Case::new("nginx says that the browser's cookies are longer than it takes.")
                .change(Change::environment(
                    "browser",
                    "Delete the cookies of the site and of its domain: then it works again for a while.",
                ))
                .change(setting(
                    evidence,
                    Change::config(
                        "session.store",
                        "If it is a session in cookies: keep sessions on the server, and the cookie is a short handle.",
                    )
                    .line("store = \"file:/var/lib/vestibule/sessions\""),
                    Change::apache(
                        "OIDCSessionType",
                        "If it is a session in cookies: keep sessions on the server, and the cookie is a short handle.",
                    )
                    .line("OIDCSessionType server-cache"),
                ))
                .change(
                    Change::environment("nginx in front", "Or let it take longer lines.")
                        .line("large_client_header_buffers 4 16k;"),
                ),
        );
    }
    let request = evidence.request.as_ref()?;
    let status = evidence.response.as_ref()?.status?;
    // An upstream's 431 is passed on, and is its own finding.
    let ours = evidence.upstream_response.is_none();
    (status == 431 && ours).then(|| {
        let cookies: usize = request.cookies.iter().map(|cookie| cookie.length).sum();
        Case::new(format!(
            "A request with {} bytes of head, {cookies} of them cookies, was answered with 431.",
            request.bytes()
        ))
        .change(Change::environment(
            "browser",
            "Delete the cookies of the site and of its domain.",
        ))
        .change(setting(
            evidence,
            Change::config(
                "limits.max_head",
                "If they are all needed: take larger heads.",
            )
            .line("max_head = \"64KiB\""),
            Change::apache(
                "LimitRequestFieldSize",
                "If they are all needed: take larger fields.",
            )
            .line("LimitRequestFieldSize 16384"),
        ))
    })
}

fn front_buffer(evidence: &Evidence) -> Option<Case> {
    let behind = evidence.settings.as_ref().is_some_and(|settings| {
        settings
            .listener
            .trusted_proxies
            .as_ref()
            .is_some_and(|proxies| !proxies.is_empty())
    });
    let set: usize = evidence
        .response
        .iter()
        .flat_map(|response| &response.cookies)
        .map(|cookie| cookie.length)
        .sum();
    let case = if evidence.heard(Saying::FrontBuffer) {
        Case::new("The proxy in front says that the answer's head is too big.")
    } else if behind && set > FRONT_LIMIT_BYTES {
        Case::new(format!(
            "The answer sets {set} bytes of cookies, and a proxy in front has to take them."
        ))
        .severity(Severity::Warning)
        .confidence(Confidence::Inferred)
    } else {
        return None;
    };
    Some(
        case.change(setting(
            evidence,
            Change::config(
                "session.store",
                "Keep sessions on the server: the cookie is then a short handle.",
            )
            .line("store = \"file:/var/lib/vestibule/sessions\""),
            Change::apache(
                "OIDCSessionType",
                "Keep sessions on the server: the cookie is then a short handle.",
            )
            .line("OIDCSessionType server-cache"),
        ))
        .change(
            Change::environment(
                "nginx in front",
                "Or give it larger buffers; with the ingress controller by the annotation \
                 `nginx.ingress.kubernetes.io/proxy-buffer-size`.",
            )
            .line("proxy_buffer_size 16k; proxy_buffers 4 16k; proxy_busy_buffers_size 16k;"),
        ),
    )
}
