//! What the error numbers of Azure AD B2C mean. A row of another family that has more evidence explains its number.

use crate::catalogue::{Case, Row};
use crate::{Change, Confidence, Evidence, Severity};

/// A row for one number.
macro_rules! number {
    ($number:literal $title:literal $cause:literal $cure:literal $change:expr) => {
        Row {
            code: concat!("VST-AADB2C-", $number),
            title: $title,
            severity: Severity::Error,
            confidence: Confidence::Documented,
            source: "Azure AD B2C: error codes",
            symptom: concat!(
                "A page or an answer of Azure AD B2C has AADB2C",
                $number,
                "."
            ),
            cause: $cause,
            cure: $cure,
            fault: None,
            explains: &[],
            judge: |evidence| Some(said(evidence, concat!("AADB2C", $number))?.change($change)),
        }
    };
}

pub(super) const ROWS: &[&[Row]] = &[&[
    number! {
        "90006" "the redirect URI is not registered"
        "The redirect URI of the request is none of the app's."
        "Register it letter for letter under the platform Web."
        Change::portal("Azure AD B2C > App registrations > your sign-in app > Authentication > Redirect URIs", "Add the redirect URI that is sent, letter for letter.")
    },
    number! {
        "90008" "the request names no app"
        "The request has no `client_id`, or an unknown one."
        "Send the app's Application (client) ID."
        Change::portal("Azure AD B2C > App registrations > your sign-in app > Overview", "Copy Application (client) ID, and compare it with `client_id`.")
    },
    number! {
        "90010" "the request names no scope"
        "The request has no `scope`."
        "Ask for `openid`, and for a scope of the API."
        Change::config("provider.scopes", "Ask for `openid` at least.")
    },
    number! {
        "90012" "a scope that is not offered"
        "The scope of the request is not supported."
        "Spell the scope as the API offers it."
        Change::portal("Azure AD B2C > App registrations > your API > Expose an API", "Compare with the scopes here, by their whole names.")
    },
    number! {
        "90117" "a scope B2C does not support"
        "The scope of the request is not supported."
        "Spell the scope as the API offers it."
        Change::portal("Azure AD B2C > App registrations > your API > Expose an API", "Compare with the scopes here, by their whole names. B2C knows `openid`, `offline_access`, the client id, and scopes of APIs.")
    },
    number! {
        "90013" "the response type is not supported"
        "The `response_type` of the request is not one of B2C's."
        "Ask for a code alone."
        Change::config("provider", "Vestibule asks for `code` alone; in another program set the response type to `code`.")
    },
    number! {
        "90014" "the response mode is not supported"
        "The `response_mode` of the request is not one of B2C's."
        "Use `query` or `form_post`."
        Change::config("provider.response_mode", "Use `query` or `form_post`.")
    },
    number! {
        "90018" "the app is not in this tenant"
        "The tenant in the address knows no app of this client id."
        "Check client id and tenant."
        Change::portal("Azure AD B2C > App registrations > your sign-in app > Overview", "Compare Application (client) ID, and the tenant in the address.")
    },
    number! {
        "90055" "a scope without its API"
        "The scope names no API, and B2C needs one to make an access token."
        "Write the scope by its whole name."
        Change::config("access_token", "Write the scope by its whole name, as `https://<tenant name>.onmicrosoft.com/<API>/<scope>`.")
    },
    number! {
        "90057" "tokens from the authorization endpoint are switched off"
        "The request asks for a token from the authorization endpoint, which the app does not allow."
        "Ask for a code alone."
        Change::portal("Azure AD B2C > App registrations > your sign-in app > Authentication > Implicit grant and hybrid flows", "Only if a client needs `id_token` in the response type: tick ID tokens.")
    },
    number! {
        "90058" "the app is not one without a secret"
        "The request came as from a public client, and the app does not allow that."
        "Send the secret."
        Change::config("provider.client_secret", "Configure the secret's Value.")
    },
    number! {
        "99059" "the request needs PKCE"
        "The redirect URI is registered for a single-page application, which must send a code challenge."
        "Register the redirect URI under Web."
        Change::portal("Azure AD B2C > App registrations > your sign-in app > Authentication", "Register the redirect URI under Web, and remove it under Single-page application.")
    },
    number! {
        "90079" "the client sent no secret"
        "The app is one that must send a secret."
        "Configure the secret."
        Change::config("provider.client_secret", "Configure the secret's Value.")
    },
    number! {
        "90080" "the code or the refresh token is over"
        "The grant has expired."
        "Sign in again from the site's own page."
        Change::environment("browser", "Sign in again.")
    },
    number! {
        "90081" "the client secret is wrong"
        "The secret sent is not the app's."
        "Copy the Value of a secret, not its ID."
        Change::portal("Azure AD B2C > App registrations > your sign-in app > Certificates & secrets", "Choose New client secret, and copy the column Value at once.")
    },
    number! {
        "90083" "a parameter is missing"
        "The request lacks a parameter."
        "Look which one the text names."
        Change::environment("the request", "The text names the parameter; compare with what B2C documents.")
    },
    number! {
        "90084" "a public client sent a secret"
        "The redirect URI is registered for an app that can't keep a secret."
        "Register the redirect URI under Web."
        Change::portal("Azure AD B2C > App registrations > your sign-in app > Authentication", "Register the redirect URI under Web, and remove it under the other platforms.")
    },
    number! {
        "90088" "the code is of another endpoint or policy"
        "The code was issued by another policy or tenant than the one it is redeemed at."
        "Use one policy for both steps."
        Change::config("provider.metadata_url", "Let authorization and token endpoint come from the metadata of one policy.")
    },
    number! {
        "90091" "the person cancelled"
        "The person closed or cancelled the page."
        "Nothing is wrong with the configuration; let them start again."
        Change::environment("browser", "Start again from the site's own page.")
    },
    number! {
        "90107" "openid is missing"
        "An ID token was asked for without the scope `openid`."
        "Add `openid` to the scopes."
        Change::config("provider.scopes", "Add `openid`.")
    },
    number! {
        "90110" "the scope lacks openid for this response type"
        "The scope must have `openid` for this response type."
        "Add `openid` to the scopes."
        Change::config("provider.scopes", "Add `openid`.")
    },
    number! {
        "90118" "the person forgot the password"
        "The person chose the link for a forgotten password in a sign-in policy that leaves the reset to the app."
        "Use a user flow that has the reset within it, or send people who come back with this code to the reset policy."
        Change::portal("Azure AD B2C > User flows > your flow > Properties > Password configuration", "Switch self-service password reset on: the flow then does it by itself.")
    },
    number! {
        "90146" "scopes of more than one API"
        "A token is for one API, and the scopes name several."
        "Ask for one API in each request."
        Change::config("access_token", "Leave the OpenID scopes in `scopes`, and ask for each API in its own route.")
    },
    number! {
        "90182" "the proof (PKCE) is missing"
        "The code was asked for with a code challenge, and redeemed without its verifier."
        "Let the program that began sign-in redeem the code."
        Change::environment("the sign-in", "Start again; if it stays, see that one program does both steps.")
    },
    number! {
        "90183" "the proof (PKCE) does not fit"
        "The verifier is not the one of the code challenge."
        "Start sign-in again, in one tab."
        Change::environment("browser", "Start again, in one tab.")
    },
    number! {
        "90205" "the app lacks a permission"
        "The app has not been given the permission it needs."
        "Grant the permission."
        Change::portal("Azure AD B2C > App registrations > your sign-in app > API permissions", "Add the permission and choose Grant admin consent.")
    },
    number! {
        "90211" "the cookie of B2C's sign-in is missing"
        "The browser did not bring back the cookie of the sign-in page."
        "Start again; look at what keeps cookies back."
        Change::environment("browser", "Start again in one tab, with cookies of the sign-in host allowed.")
    },
    number! {
        "90212" "the cookie of B2C's sign-in can't be read"
        "The cookie of the sign-in page is broken or of another sign-in."
        "Start again, in one tab."
        Change::environment("browser", "Start again in one tab.")
    },
]];

fn said(evidence: &Evidence, code: &str) -> Option<Case> {
    evidence
        .has_code(code)
        .then(|| Case::new(format!("Azure AD B2C said `{code}`.")))
}

#[cfg(test)]
pub(super) mod cases {
    use crate::Evidence;
    use crate::testing::{RowCase, case};

    pub(in crate::family) fn all() -> Vec<RowCase> {
        let rows = super::ROWS.iter().flat_map(|part| part.iter());
        rows.map(|row| {
            let code = row.code.replace("VST-", "").replace('-', "");
            case(row.code)
                .shows(Evidence::of_text(&format!("{code}: something failed.")))
                .silent(Evidence::of_text(&format!("{code}9: something failed.")))
                .silent(Evidence::of_text(&code.replace("AADB2C", "AADSTS")))
        })
        .collect()
    }
}
