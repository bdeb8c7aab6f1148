//! What a log says of issuers that were compared.

use crate::catalogue::Case;
use crate::cure::{setting, version_two};
use crate::evidence::{Product, host_of};
use crate::shown::shown;
use crate::text::Saying;
use crate::{Change, Evidence};

/// A library that says so, and not which issuer it found.
pub(super) fn logged_issuer(evidence: &Evidence) -> Option<Case> {
    let code = ["IDX10205", "IDX40001", "IDW10303"]
        .into_iter()
        .find(|code| evidence.has_code(code));
    let token = evidence.token.as_ref();
    if token.is_some_and(|token| !token.is_partial)
        || code.is_none() && !evidence.heard(Saying::Issuer)
    {
        return None;
    }
    if let Some(case) = logged_id_token(evidence) {
        return Some(case);
    }
    let says = code.map_or_else(String::new, |code| format!(" {code}:"));
    let microsoft = match evidence.maker() {
        Some(product) => product == Product::Entra,
        None => code.is_some(),
    };
    let which = token.and_then(|token| token.text("iss"));
    let unsaid = match which {
        Some(_) => "It does not say which issuer it expects. ",
        None => "It does not say which issuer the token has. ",
    };
    let which = which.map_or_else(String::new, |iss| format!(", {},", shown(iss)));
    let case = Case::new(format!(
        "The library says{says} that the token's issuer{which} is not the one it expects."
    ))
    .because(unsaid.to_owned() + match microsoft {
        true => {
            "Mostly a v1.0 token (sts.windows.net) meets an API that is \
             set up for v2.0; or the token is of another tenant."
        }
        false => {
            "Issuers are compared to the last character: scheme, host, \
             path, and a slash at the end."
        }
    })
    .change(
        Change::api(
            "accepted issuers",
            "Let `vestibule explain` show the token's `iss`, and compare it with what the API accepts.",
        )
        .line("vestibule explain --issuer ISSUER --file FILE"),
    );
    // The host is that of version 1.0 alone.
    let iss = token.and_then(|token| token.text("iss"));
    let case = match iss.and_then(host_of) == Some("sts.windows.net") {
        true => case.because(
            "It does not say which issuer it expects. This one is of a v1.0 token, and most APIs are set up for v2.0: the \
             API's own registration decides which it gets. Or the token is of another tenant.",
        ),
        false => case,
    };
    let accept = token
        .and_then(|token| token.text("iss"))
        .filter(|iss| code.is_some() && !iss.contains(['"', '\\']));
    let case = match accept {
        Some(iss) => case.change(
            Change::api(
                "accepted issuers",
                "If that is the provider and the tenant you mean: accept it.",
            )
            .line(match evidence.says("jwt validation failed:") {
                // What API Management's policy validate-jwt answers.
                true => format!("<issuers><issuer>{iss}</issuer></issuers>"),
                false => format!("options.TokenValidationParameters.ValidIssuer = \"{iss}\";"),
            }),
        ),
        None => case,
    };
    Some(match microsoft {
        true => case.change(version_two(
            "If they are the two versions of one tenant: set it in the registration of the API, not of the sign-in \
             app, and sign in again.",
        )),
        false => case,
    })
}

/// A check of ID tokens that says which issuer it found, and not which it expects: no API decides over that.
pub(super) fn logged_id_token(evidence: &Evidence) -> Option<Case> {
    let claimed = &evidence.text.as_ref()?.claimed;
    let iss = claimed.issuer.as_deref().filter(|_| claimed.is_id_check)?;
    let v1 = host_of(iss) == Some("sts.windows.net");
    let text = "Write the issuer that the metadata of the endpoints in use names, to the letter.";
    let case = Case::new(format!(
        "What was to be an ID token is issued by {}, which is not the issuer that is set.",
        shown(iss)
    ))
    .change(setting(
        evidence,
        Change::config("provider.issuer", text),
        Change::apache("OIDCProviderMetadataURL", text),
    ));
    Some(match v1 {
        true => case.because(
            "It is of Entra's v1.0 endpoint, which was asked for the token: take issuer, endpoints and keys from the one \
             document of `/v2.0`. `requestedAccessTokenVersion` of an API decides nothing here.",
        ),
        false => case.because(
            "Issuers are compared to the last character; at `common` and `organizations` of Entra the token names the \
             person's own tenant.",
        ),
    })
}
