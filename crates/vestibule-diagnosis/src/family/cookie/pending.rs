//! The cookie of a sign-in under way: what remembers `state`, `nonce` and where somebody wanted to go.

use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::{Callback, Pending, SameSite};
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-COOKIE-FORM-POST",
        title: "form_post with a SameSite cookie",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6265bis §5.2; mod_auth_openidc: OIDCResponseMode; Microsoft: handle SameSite cookie changes",
        symptom: "Every sign-in ends with a page that says that its state or its cookie is missing; with \
                  `query` it works.",
        cause: "With `form_post` the browser posts the answer from the provider's page. A cookie with \
                `SameSite=Lax` or `Strict` is not sent with a POST from another site.",
        cure: "Let the answer come in the query, or give the cookie of the sign-in `SameSite=None; Secure`.",
        fault: None,
        explains: &["VST-COOKIE-STATE-MISSING", "VST-COOKIE-LOOP"],
        judge: form_post,
    },
    Row {
        code: "VST-COOKIE-SIGN-IN-OLD",
        title: "a sign-in that took too long",
        severity: Severity::Info,
        confidence: Confidence::Observed,
        source: "RFC 6265 §5.3; public reports of tabs left open",
        symptom: "Somebody who left the sign-in page open over lunch gets an error when they go on.",
        cause: "A sign-in is remembered for some minutes only, and this one began earlier.",
        cure: "Begin again. Nothing is wrong with the configuration, unless people need longer.",
        fault: None,
        explains: &["VST-COOKIE-STATE-MISSING"],
        judge: too_old,
    },
    Row {
        code: "VST-COOKIE-TWO-TABS",
        title: "one cookie for all sign-ins under way",
        severity: Severity::Warning,
        confidence: Confidence::Observed,
        source: "RFC 6749 §10.12; public reports of several libraries",
        symptom: "Sign-in works in one tab and fails when two are opened at once, as after the browser is \
                  started again.",
        cause: "Each sign-in has a `state` of its own. With one cookie for all of them the second one \
                overwrites the first.",
        cure: "Use a cookie for each sign-in, and a bound on their number.",
        fault: None,
        explains: &["VST-COOKIE-STATE-MISSING"],
        judge: two_tabs,
    },
    Row {
        code: "VST-COOKIE-PILE-UP",
        title: "cookies of sign-ins pile up",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Microsoft identity platform: infinite sign-in loops; public reports for mod_auth_openidc and oauth2-proxy",
        symptom: "After an hour with a page open the site answers 400, 431 or 503; deleting the cookies helps \
                  for a while.",
        cause: "Requests of scripts were answered with a redirect to sign in when the session was over. Each \
                one left a cookie, and nobody ever came back with it.",
        cure: "Answer requests of scripts with 401, and bound the number of these cookies.",
        fault: None,
        explains: &[
            "VST-COOKIE-LOOP",
            "VST-COOKIE-STATE-MISSING",
            "VST-HEADER-TOO-LARGE",
            "VST-HEADER-CLIENT-TOO-LARGE",
            "VST-BROWSER-FETCH",
        ],
        judge: pile_up,
    },
    Row {
        code: "VST-COOKIE-NONCE",
        title: "an ID token with another nonce",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OIDC Core §3.1.3.7, step 11",
        symptom: "Sign-in fails, and the log says that the nonce does not match.",
        cause: "The ID token was made for another sign-in: a second one overwrote the first, an old answer \
                was sent again, or a token of somebody else was slipped in.",
        cure: "Begin again. If it happens always, keep a nonce for each sign-in.",
        fault: Some("wrong-nonce"),
        explains: &[],
        judge: nonce,
    },
    Row {
        code: "VST-COOKIE-STATE-MISSING",
        title: "an answer to a sign-in this browser did not begin",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "RFC 6749 §10.12; OIDC Core §3.1.2.7",
        symptom: "After the provider's page comes one that says that the sign-in is unknown.",
        cause: "The browser came back without the cookie of this sign-in. Cookies are blocked or were \
                deleted, the sign-in began in another browser or under another host, or the answer is not \
                for this person at all.",
        cure: "Open the site itself and sign in again; let cookies of the site be kept.",
        fault: Some("wrong-state"),
        explains: &[],
        judge: missing,
    },
];

/// So many cookies of sign-ins are no accident.
const PILE: usize = 6;

fn query(evidence: &Evidence) -> Change {
    setting(
        evidence,
        Change::config(
            "provider.response_mode",
            "Let the answer come in the query.",
        )
        .line("response_mode = \"query\""),
        Change::apache("OIDCResponseMode", "Let the answer come in the query.")
            .line("OIDCResponseMode query"),
    )
}

fn came_by_post(callback: &Callback) -> bool {
    callback
        .method
        .as_deref()
        .is_some_and(|method| method.eq_ignore_ascii_case("POST"))
}

fn form_post(evidence: &Evidence) -> Option<Case> {
    let session = evidence.settings.as_ref().map(|settings| &settings.session);
    let same_site = session.and_then(|session| session.pending_same_site);
    let asked = evidence
        .provider()
        .is_some_and(|provider| provider.response_mode.as_deref() == Some("form_post"));
    let bound = match same_site {
        Some(SameSite::Lax) => Some("Lax"),
        Some(SameSite::Strict) => Some("Strict"),
        _ => None,
    };
    let lost = evidence.callback.as_ref().is_some_and(|callback| {
        came_by_post(callback) && callback.pending == Some(Pending::NoCookie)
    });
    let seen = match (asked, bound, lost) {
        (true, Some(kind), _) => {
            format!(
                "The response mode is `form_post`, and the cookie of the sign-in is `SameSite={kind}`."
            )
        }
        (_, _, true) if same_site != Some(SameSite::None) => {
            "The answer was posted to the redirect URI, and came without the cookie of the sign-in."
                .to_owned()
        }
        _ => return None,
    };
    Some(
        Case::new(seen).change(query(evidence)).change(setting(
            evidence,
            Change::api(
                "cookie of the sign-in",
                "Or give it `SameSite=None; Secure`, as Vestibule does for `form_post`.",
            ),
            Change::apache(
                "OIDCCookieSameSite",
                "Or let the cookies be sent from the provider's page; needs https.",
            )
            .line("OIDCCookieSameSite Off"),
        )),
    )
}

fn too_old(evidence: &Evidence) -> Option<Case> {
    let callback = evidence.callback.as_ref();
    let older = callback.is_some_and(|callback| {
        callback.pending == Some(Pending::Expired)
            || callback
                .age
                .zip(callback.max_age)
                .is_some_and(|(age, most)| age > most)
    });
    let seen = match callback.and_then(|callback| callback.age) {
        Some(age) if older => format!("The sign-in began {} minutes ago.", age.as_secs() / 60),
        _ if older => "The sign-in began too long ago.".to_owned(),
        _ if evidence.heard(Saying::StateExpired) => {
            "The log says that the sign-in began too long ago.".to_owned()
        }
        _ => return None,
    };
    Some(
        Case::new(seen)
            .change(Change::environment(
                "browser",
                "Open the site itself and sign in again.",
            ))
            .change(setting(
                evidence,
                Change::environment(
                    "bookmarks",
                    "Bookmark the site, not the provider's sign-in page.",
                ),
                Change::apache(
                    "OIDCStateTimeout",
                    "If people need longer: allow them more seconds.",
                )
                .line("OIDCStateTimeout 900"),
            )),
    )
}

fn two_tabs(evidence: &Evidence) -> Option<Case> {
    let one = evidence.settings.as_ref()?.session.one_pending_cookie == Some(true);
    let other = evidence
        .callback
        .as_ref()
        .is_some_and(|callback| callback.pending == Some(Pending::AnotherState));
    one.then(|| {
        let case = match other {
            true => Case::new(
                "One cookie serves all sign-ins, and it holds another `state` than came back.",
            )
            .severity(Severity::Error),
            false => Case::new("One cookie serves all sign-ins under way."),
        };
        case.change(Change::api(
            "cookie of the sign-in",
            "Put the `state` into the cookie's name, as Vestibule does; in oauth2-proxy set \
             `cookie_csrf_per_request = true`.",
        ))
    })
}

/// Whether a cookie of this name remembers a sign-in under way, in any of the usual programs.
fn is_pending(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "mod_auth_openidc_state_",
        "_csrf",
        ".aspnetcore.correlation.",
        ".aspnetcore.openidconnect.nonce.",
        "openidconnect.nonce.",
        "nonce.",
    ]
    .iter()
    .any(|part| name.contains(part))
        || is_of_vestibule(&name)
}

/// `__Host-vestibule-signin-…`, with a port `__Host-vestibule-8443-signin-…`, on plain loopback `vestibule-8080-signin-…`.
fn is_of_vestibule(lower: &str) -> bool {
    let own = lower.strip_prefix("__host-").unwrap_or(lower);
    own.strip_prefix("vestibule-").is_some_and(|rest| {
        let after_port = rest.trim_start_matches(|char: char| char.is_ascii_digit());
        let after_port = after_port.strip_prefix('-').unwrap_or(after_port);
        after_port.starts_with("signin-")
    })
}

fn pile_up(evidence: &Evidence) -> Option<Case> {
    let of_request = evidence.request.iter().flat_map(|request| &request.cookies);
    let of_callback = evidence
        .callback
        .iter()
        .flat_map(|callback| &callback.cookies);
    let names = of_request
        .map(|cookie| cookie.name.as_str())
        .chain(of_callback.map(String::as_str));
    let count = names.filter(|name| is_pending(name)).count();
    let seen = match count {
        PILE.. => format!("The browser sent {count} cookies of sign-ins under way."),
        _ if evidence.heard(Saying::TooManyStateCookies) => {
            "The log says that there are too many cookies of sign-ins under way.".to_owned()
        }
        _ => return None,
    };
    let refused = evidence
        .response
        .as_ref()
        .and_then(|response| response.status)
        .is_some_and(|status| matches!(status, 400 | 431 | 503));
    let case = Case::new(seen)
        .change(setting(
            evidence,
            Change::api(
                "requests of scripts",
                "Answer them with 401 instead of a redirect, as Vestibule does, and on a 401 open the sign-in page \
                 in the window.",
            ),
            Change::apache(
                "OIDCUnAuthAction",
                "Remove any expression: the module then answers scripts with 401 by itself.",
            ),
        ))
        .change(setting(
            evidence,
            Change::environment("browser", "Delete the site's cookies once."),
            Change::apache("OIDCStateMaxNumberOfCookies", "Let the oldest be deleted.")
                .line("OIDCStateMaxNumberOfCookies 7 true"),
        ));
    Some(match refused || evidence.text.is_some() {
        true => case,
        false => case.severity(Severity::Warning),
    })
}

fn nonce(evidence: &Evidence) -> Option<Case> {
    let compared = evidence
        .callback
        .as_ref()
        .is_some_and(|callback| callback.nonce_fits == Some(false));
    let seen = match compared {
        true => "The ID token's `nonce` is not the one that was sent.",
        false if evidence.heard(Saying::NonceMismatch) => {
            "The log says that the ID token's `nonce` does not fit."
        }
        false => return None,
    };
    let again = Change::environment(
        "browser",
        "Open the site itself and sign in again, in one tab.",
    );
    let session = evidence.settings.as_ref().map(|settings| &settings.session);
    let is_ours = session.is_some_and(|session| session.one_pending_cookie == Some(false));
    let case = Case::new(seen).change(again);
    // Our own sign-in has a nonce for each: nobody here can keep it better, so what comes back is another's.
    Some(match is_ours && !evidence.from_apache() {
        true => case
            .because(
                "Each sign-in has a nonce of its own, kept in its cookie. The provider's answer is that of another sign-in: \
                 an old one that was sent again, or one that somebody slipped in.",
            )
            .change(Change::provider(
                "the answer's ID token",
                "If it happens at every sign-in: see whether something between here and the provider keeps answers, and \
                 whether the provider copies `nonce` from the request, as OIDC Core §2 has it.",
            )),
        false => case.change(Change::api(
            "nonce",
            "If it happens always: keep the nonce with the `state` it was sent with, one for each sign-in.",
        )),
    })
}

fn missing(evidence: &Evidence) -> Option<Case> {
    let pending = evidence
        .callback
        .as_ref()
        .and_then(|callback| callback.pending);
    let seen = match pending {
        Some(Pending::NoCookie) => "The browser came back without a cookie of a sign-in under way.",
        Some(Pending::AnotherState) => {
            "The browser came back with a `state` that none of its sign-ins under way has."
        }
        _ if evidence.heard(Saying::StateMissing) => {
            "The log says that the cookie or the `state` of the sign-in is missing or another."
        }
        _ => return None,
    };
    Some(
        Case::new(seen)
            .change(Change::environment(
                "browser",
                "Open the site itself and sign in again; let the site keep cookies, and do not change the browser or \
                 the host on the way.",
            ))
            .change(setting(
                evidence,
                Change::config("public_url", "If it happens always: this is the address people type, host and scheme.")
                    .line("public_url = \"https://PUBLIC-HOST\""),
                Change::apache(
                    "OIDCRedirectURI",
                    "If it happens always: it has the host people type, and its path is in no other virtual host.",
                )
                .line("OIDCRedirectURI https://PUBLIC-HOST/oidc/callback"),
            )),
    )
}
