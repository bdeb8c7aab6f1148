//! The way back: what arrives at the redirect URI, and where it goes.

use super::uri::{register, write_public_url};
use crate::catalogue::{Case, Row};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-REDIRECT-TWO",
        title: "two redirect URIs in one sign-in",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6749 §4.1.3",
        symptom: "After the sign-in page comes AADSTS500112, or another provider says `invalid_grant`.",
        cause: "The token request must repeat the redirect URI of the authorization request. One was made from the public address and one from the request as the inner machine saw it, or a framework added a slash.",
        cure: "Make both from one configured address.",
        fault: None,
        explains: &["VST-AADSTS-500112"],
        judge: two,
    },
    Row {
        code: "VST-REDIRECT-FRAGMENT",
        title: "the answer comes behind a #, where no server sees it",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OAuth 2.0 Multiple Response Types §2.1; Microsoft identity platform: authorization code flow, `response_mode`",
        symptom: "After sign-in the address in the browser has `#code=`, and the proxy says that there is no code.",
        cause: "Browsers do not send what stands behind `#`. It is how answers come for `response_mode=fragment`, and for response types with a token unless told otherwise.",
        cure: "Ask for `response_type=code` with `query` or `form_post`.",
        fault: None,
        explains: &["VST-REDIRECT-BARE"],
        judge: fragment,
    },
    Row {
        code: "VST-REDIRECT-POST",
        title: "the callback does not take a POST",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OAuth 2.0 Form Post Response Mode §2",
        symptom: "After sign-in the browser shows 404, 405 or 403 at the redirect URI.",
        cause: "With `form_post` the browser posts the answer. Something on the way takes a GET alone: the app, a firewall, or its protection against forged forms.",
        cure: "Let the redirect URI take a POST from another site, or use `query`.",
        fault: None,
        explains: &[],
        judge: post,
    },
    Row {
        code: "VST-REDIRECT-BARE",
        title: "the redirect URI was opened without an answer",
        severity: Severity::Info,
        confidence: Confidence::Inferred,
        source: "RFC 6749 §4.1.2",
        symptom: "Somebody sees an error at the redirect URI without having signed in just now.",
        cause: "It was opened from a bookmark, the history, or by the back button. There is nothing in it to work with.",
        cure: "Open the site itself. Nothing is wrong with the configuration.",
        fault: None,
        explains: &[],
        judge: bare,
    },
    Row {
        code: "VST-REDIRECT-BODY-LOST",
        title: "a request with a body was sent to sign in",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "RFC 9110 §15.4",
        symptom: "A form or upload is gone after sign-in, or a script gets a page where it expects data.",
        cause: "The session was over when the request came. A redirect to the provider keeps neither the body nor, mostly, the method.",
        cure: "Answer requests other than GET with 401, so that the client signs in first and sends again.",
        fault: None,
        explains: &[],
        judge: body_lost,
    },
    Row {
        code: "VST-REDIRECT-SECTION-LOST",
        title: "the part of the address behind # is lost in sign-in",
        severity: Severity::Info,
        confidence: Confidence::Documented,
        source: "RFC 9110 §7.1; Microsoft identity platform: redirect responses",
        symptom: "After sign-in a link with `#section` opens the page at its top.",
        cause: "Browsers keep what stands behind `#` to themselves, so no server can give it back, and Entra puts an empty `#` of its own.",
        cure: "Let the app keep it in the browser before it leaves for sign-in.",
        fault: None,
        explains: &[],
        judge: section_lost,
    },
];

fn two(evidence: &Evidence) -> Option<Case> {
    let asked = &evidence.token_response.as_ref()?.asked;
    let first = asked.redirect_uri_at_start.as_deref()?;
    let second = asked.redirect_uri_at_redemption.as_deref()?;
    (first != second).then(|| {
        let https = [first, second]
            .into_iter()
            .find(|uri| uri.starts_with("https://"));
        Case::new(format!(
            "Sign-in began with {}, the code was redeemed with {}.",
            shown(first),
            shown(second)
        ))
        .change(write_public_url(
            evidence,
            https.unwrap_or(first),
            "Write the address people type, and let nothing make it from the request.",
        ))
        .change(register(https.unwrap_or(first)))
    })
}

fn fragment(evidence: &Evidence) -> Option<Case> {
    let arrived = evidence.callback.as_ref().is_some_and(|callback| {
        // A page that signs in by itself gets its errors so; of an address alone nobody knows whose it is.
        let of_page = callback.has("error") && evidence.settings.is_none();
        callback.in_fragment && !of_page && (callback.has("code") || callback.has("error"))
    });
    let asked = evidence.provider().and_then(|provider| {
        let types = provider.response_type.as_deref().unwrap_or("code");
        let default = types.split_ascii_whitespace().any(|word| word != "code");
        match provider.response_mode.as_deref() {
            Some("fragment") => Some("`response_mode` is `fragment`".to_owned()),
            None if default => Some(format!(
                "the response type is {}, without a response mode",
                shown(types)
            )),
            _ => None,
        }
    });
    let seen = match (arrived, &asked) {
        (true, Some(asked)) => format!("The answer came behind a `#`; {asked}."),
        (true, None) => "The answer came behind a `#`.".to_owned(),
        (false, Some(asked)) => format!("In the configuration {asked}."),
        (false, None) => return None,
    };
    Some(
        Case::new(seen).change(crate::cure::setting(
            evidence,
            Change::config(
                "provider.response_mode",
                "Let the answer come in the query.",
            )
            .line("response_mode = \"query\""),
            Change::apache(
                "OIDCResponseMode",
                "Let the answer come as a form, with `OIDCResponseType code`.",
            )
            .line("OIDCResponseMode form_post"),
        )),
    )
}

fn post(evidence: &Evidence) -> Option<Case> {
    let callback = evidence.callback.as_ref()?;
    let status = evidence.response.as_ref()?.status?;
    let is_post = callback
        .method
        .as_deref()
        .is_some_and(|method| method.eq_ignore_ascii_case("POST"));
    (is_post && matches!(status, 403..=405)).then(|| {
        Case::new(format!(
            "The answer was posted to the redirect URI and got {status}."
        ))
        .change(Change::environment(
            "proxies in front",
            "Let POST requests from the provider's site through to the redirect URI.",
        ))
        .change(crate::cure::setting(
            evidence,
            Change::config(
                "provider.response_mode",
                "Or let the answer come in the query.",
            )
            .line("response_mode = \"query\""),
            Change::apache("OIDCResponseMode", "Or let the answer come in the query.")
                .line("OIDCResponseMode query"),
        ))
    })
}

fn bare(evidence: &Evidence) -> Option<Case> {
    if evidence.heard(crate::text::Saying::NoAnswer) {
        return Some(
            Case::new("The log says that the redirect URI was opened without `state`.")
                .change(Change::environment("browser", "Open the site itself, and change the bookmark."))
                .change(Change::environment(
                    "what is between browser and app",
                    "If it happens at each sign-in: the answer is posted as a form, and something on the way turns POST into \
                     GET or takes the body away.",
                )),
        );
    }
    let callback = evidence.callback.as_ref()?;
    if callback.in_fragment
        || ["code", "error", "state", "id_token"]
            .iter()
            .any(|name| callback.has(name))
    {
        return None;
    }
    // Signing out ends at an address of its own, but others use the callback for it.
    Some(
        Case::new("The redirect URI was opened without `code`, `error` and `state`.").change(
            Change::environment("browser", "Open the site itself, and change the bookmark."),
        ),
    )
}

fn body_lost(evidence: &Evidence) -> Option<Case> {
    let request = evidence.request.as_ref()?;
    let response = evidence.response.as_ref()?;
    let method = request.method.as_deref()?;
    let redirects = matches!(response.status?, 301..=303 | 307 | 308);
    let location = response.value("Location")?;
    let to_sign_in = ["authorize", "/sign-in", "/oauth2/start", "/.auth/login"]
        .iter()
        .any(|part| location.contains(part));
    let has_body = ["POST", "PUT", "PATCH", "DELETE"]
        .iter()
        .any(|with_body| method.eq_ignore_ascii_case(with_body));
    (has_body && redirects && to_sign_in).then(|| {
        Case::new(format!("A {} was answered with a redirect to sign in.", method.to_ascii_uppercase()))
            .change(Change::api(
                "the client",
                "On a 401 open the sign-in page in the window, and send the request again afterwards.",
            ))
            .change(crate::cure::setting(
                evidence,
                Change::config("route", "Vestibule answers such requests with 401 by itself; another proxy needs to be told."),
                Change::apache("OIDCUnAuthAction", "Leave the module's own choice: it answers scripts with 401.")
                    .line("OIDCPreservePost On"),
            ))
    })
}

fn section_lost(evidence: &Evidence) -> Option<Case> {
    let text = evidence.text.as_ref()?;
    let part = text.says_any(&[
        "url fragment",
        "hash fragment",
        "the fragment",
        "the hash",
        "#section",
    ]);
    let gone = text.says_any(&[
        "lost after",
        "is lost",
        "gets lost",
        "disappears",
        "missing after",
        "dropped",
    ]);
    let sign_in = text.says_any(&["sign-in", "sign in", "login", "log in", "redirect"]);
    (part && gone && sign_in).then(|| {
        Case::new("The part behind `#` is missed after sign-in.").change(Change::api(
            "the app's pages",
            "Keep `location.hash` in `sessionStorage` before leaving for sign-in, and put it back afterwards.",
        ))
    })
}
