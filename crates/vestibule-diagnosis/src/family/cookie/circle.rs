//! Sign-in that leads to sign-in.

use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::{Pending, Store};
use crate::shown::shown;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-COOKIE-KEYS",
        title: "a session cookie of another replica",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "ASP.NET Core: configure data protection; mod_auth_openidc: OIDCCryptoPassphrase; how sealed cookies work",
        symptom: "Sign-in goes round in circles, or everybody is signed out when the program starts again; with \
                  one replica it works.",
        cause: "Replicas do not share keys or sessions: what one made the other can't open.",
        cure: "Give all replicas the same keys and one store, or let each browser stay at one replica.",
        fault: None,
        explains: &[
            "VST-COOKIE-LOOP",
            "VST-COOKIE-STATE-MISSING",
            "VST-AADSTS-50196",
        ],
        judge: keys,
    },
    Row {
        code: "VST-COOKIE-FORBIDDEN-LOOP",
        title: "\"not allowed\" is answered with sign-in",
        severity: Severity::Warning,
        confidence: Confidence::Observed,
        source: "RFC 9110 §15.5.4; mod_auth_openidc: OIDCUnAutzAction",
        symptom: "People who may not see a page go round in circles between it and the provider.",
        cause: "They are signed in and lack a right. Signing in again changes nothing, so it begins anew.",
        cure: "Answer 403 with a page that names the rule.",
        fault: None,
        explains: &["VST-COOKIE-LOOP", "VST-AADSTS-50196"],
        judge: forbidden,
    },
    Row {
        code: "VST-COOKIE-LOOP",
        title: "sign-in goes round in circles",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "Microsoft identity platform: error codes, AADSTS50196; infinite sign-in loops",
        symptom: "The browser goes between the site and the provider until one of them gives up.",
        cause: "Each sign-in succeeds, and the next request comes as if there had been none: the session cookie \
                is not kept or not sent, or the session is refused right away.",
        cure: "Look in the browser's tools whether the answer of the redirect URI sets a cookie, and whether the \
               next request has it.",
        fault: None,
        explains: &["VST-AADSTS-50196"],
        judge: circle,
    },
];

/// So many sign-ins in a minute nobody does by hand.
const MANY: u32 = 3;

fn keys(evidence: &Evidence) -> Option<Case> {
    let settings = evidence.settings.as_ref();
    let replicas = settings
        .and_then(|settings| settings.listener.replicas)
        .unwrap_or(1);
    let session = settings.map(|settings| &settings.session);
    let apart = session.is_some_and(|session| {
        session.shared_keys == Some(false)
            || matches!(session.store, Some(Store::Memory | Store::File))
    });
    let unopened = evidence.counts.unopened_cookies;
    let callback = evidence
        .callback
        .as_ref()
        .is_some_and(|callback| callback.pending == Some(Pending::CannotBeOpened));
    let seen = if replicas > 1 && apart {
        format!("{replicas} replicas serve the site, each with keys or sessions of its own.")
    } else if unopened >= MANY {
        format!("{unopened} session cookies could not be opened within a minute.")
    } else if callback {
        "The cookie of the sign-in can't be opened: it is sealed with another key.".to_owned()
    } else if evidence.heard(Saying::CookieUnreadable) {
        "The log says that a cookie can't be opened or verified.".to_owned()
    } else {
        return None;
    };
    Some(
        Case::new(seen)
            .change(setting(
                evidence,
                Change::config("session.keys", "Give every replica the same key, so that a restart keeps it too.")
                    .line("keys = [\"file:/etc/vestibule/session.key\"]"),
                Change::apache("OIDCCryptoPassphrase", "Give every replica the same one.")
                    .line("OIDCCryptoPassphrase \"exec:/bin/cat /etc/apache2/oidc.passphrase\""),
            ))
            .change(setting(
                evidence,
                Change::environment("load balancer", "Let each browser stay at one replica, because sessions are kept there."),
                Change::apache("OIDCCacheType", "Let the replicas share their sessions; `OIDCRedisCacheServer` names the server.")
                    .line("OIDCCacheType redis"),
            )),
    )
}

fn forbidden(evidence: &Evidence) -> Option<Case> {
    let routes = evidence
        .settings
        .iter()
        .flat_map(|settings| &settings.routes);
    let route = routes
        .into_iter()
        .find(|route| route.forbidden_signs_in == Some(true))?;
    let name = route
        .path
        .as_deref()
        .or(route.name.as_deref())
        .unwrap_or("the route");
    let case = Case::new(format!(
        "Who is signed in and not allowed is sent to sign in again at {}.",
        shown(name)
    ))
    .change(setting(
        evidence,
        Change::api(
            "answer to who is not allowed",
            "Answer 403, as Vestibule does.",
        ),
        Change::apache(
            "OIDCUnAutzAction",
            "Answer 403; also say `AuthzSendForbiddenOnFailure On`.",
        )
        .line("OIDCUnAutzAction 403"),
    ));
    Some(match is_circle(evidence) {
        true => case.severity(Severity::Error),
        false => case,
    })
}

fn is_circle(evidence: &Evidence) -> bool {
    evidence.counts.completed_sign_ins >= MANY || evidence.heard(Saying::TooManyRedirects)
}

fn circle(evidence: &Evidence) -> Option<Case> {
    let count = evidence.counts.completed_sign_ins;
    if !is_circle(evidence) {
        return None;
    }
    let seen = match count {
        MANY.. => format!("This browser signed in {count} times within a minute."),
        _ => "The browser says that the site redirects too often.".to_owned(),
    };
    let own = evidence
        .request
        .as_ref()
        .map(|request| request.cookies.iter().any(|cookie| cookie.own));
    let case = Case::new(seen);
    let case = match own {
        Some(true) => case.because("The browser sends the session's cookie; the session behind it is refused or not found."),
        Some(false) => case.because("The browser does not send the session's cookie: it was not kept, or is not for this address."),
        None => case,
    };
    Some(
        case.change(Change::environment(
            "browser",
            "In the tools, under Network: does the answer of the redirect URI set a cookie, is there a warning beside \
             it, and does the next request send it.",
        ))
        .change(setting(
            evidence,
            Change::config("public_url", "Check that this is the address in the browser, scheme and host included.")
                .line("public_url = \"https://PUBLIC-HOST\""),
            Change::apache("OIDCCookieDomain", "Remove it and `OIDCCookiePath`: the defaults fit one host."),
        )),
    )
}
