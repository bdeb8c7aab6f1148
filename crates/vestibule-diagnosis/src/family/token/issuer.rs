//! Issuers, algorithms.

use vestibule_oidc::microsoft::{TENANT_PLACEHOLDER, TenantId};

use crate::catalogue::{Case, Row};
use crate::cure::{setting, version_two};
use crate::evidence::{Api, Failure, Origin, Product, Role, Settings, Token, host_of};
use crate::shown::{shown, shown_list};
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-TEMPLATE",
        title: "an issuer with {tenantid} in it taken literally",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Validate the issuer\"",
        symptom: "The API says that the issuer is wrong, and one of the two has `{tenantid}` in it.",
        cause: "The metadata of `common` and `organizations` serves many tenants, so its issuer is a \
                template: the braces stand for the token's `tid`.",
        cure: "Use the metadata of your tenant. For several tenants, put the token's `tid` in the place of \
               the braces and accept only tenants of a list.",
        fault: None,
        explains: &["VST-TOKEN-ISSUER", "VST-TOKEN-VERSION", "VST-KEYS-ISSUER"],
        judge: template,
    },
    Row {
        code: "VST-TOKEN-ISSUER",
        title: "another issuer",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 9068 §4; OIDC Core §3.1.3.7",
        symptom: "The API says that the issuer is wrong.",
        cause: "Issuers are compared to the last character: scheme, host, path, and a slash at the end.",
        cure: "Take the issuer from the provider's metadata and write it exactly so.",
        fault: Some("wrong-issuer"),
        explains: &["VST-KEYS-KID-MISSING", "VST-KEYS-LIBRARY"],
        judge: |evidence| issuer(evidence).or_else(|| logged_issuer(evidence)),
    },
    Row {
        code: "VST-TOKEN-LONG-LIVED",
        title: "a token that lives for a day",
        severity: Severity::Info,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Token lifetime\"",
        symptom: "Access tokens live 20 to 28 hours where 60 to 90 minutes are usual.",
        cause: "Entra makes tokens last where the client says that it understands claims challenges (`cp1`), and \
                tells APIs of Microsoft's at once when a session ends. A policy on token lifetimes can do it, too.",
        cure: "Pass claims challenges on to the client, or do not announce `cp1` for this API. Look for a policy on \
               token lifetimes.",
        fault: None,
        explains: &[],
        judge: long_lived,
    },
    Row {
        code: "VST-TOKEN-ALGORITHM",
        title: "an algorithm nobody named",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 8725 §3.1",
        symptom: "The API says that the algorithm is not accepted.",
        cause: "The token is signed with another algorithm than the provider's metadata names: it is \
                another provider's, or somebody tries what the API lets pass.",
        cure: "Keep the list of algorithms at what the metadata names.",
        fault: Some("shared-secret"),
        explains: &[
            "VST-KEYS-KID-MISSING",
            "VST-KEYS-SIGNATURE",
            "VST-KEYS-NO-KID",
            "VST-TOKEN-NO-PERMISSIONS",
            "VST-TOKEN-SHARED-SECRET",
            "VST-KEYS-LIBRARY",
        ],
        judge: algorithm,
    },
];

/// The GUID in an issuer: in its path, or as the beginning of its host.
pub(crate) fn tenant_in(issuer: &str) -> Option<TenantId> {
    issuer.split(['/', '.']).find_map(TenantId::parse)
}

/// The API's issuers and the token's, if that is none of them.
pub(super) fn mismatch(evidence: &Evidence) -> Option<(&Api, &Token, &str)> {
    let token = evidence.token.as_ref()?;
    let api = evidence.api.as_ref()?;
    let iss = token.text("iss")?;
    let fits = api.issuers.is_empty() || api.issuers.iter().any(|own| own == iss);
    (!fits).then_some((api, token, iss))
}

/// Whether this ID token was made by a server that people don't sign in with here.
pub(super) fn is_of_another_sign_in(evidence: &Evidence) -> bool {
    configured_issuer(evidence).is_some_and(|(iss, own)| {
        let same = Product::of_url(iss).is_some() && Product::of_url(iss) == Product::of_url(own);
        host_of(iss) != host_of(own) && !same
    })
}

/// Whether the token's issuer is none of the API's, and another provider than any of them.
pub(super) fn is_foreign(evidence: &Evidence) -> bool {
    if let Some((iss, own)) = configured_issuer(evidence) {
        let (whose, ours) = (Product::of_url(iss), Product::of_url(own));
        return is_of_another_sign_in(evidence) && ours.is_some() && ours != whose;
    }
    mismatch(evidence).is_some_and(|(api, token, iss)| {
        let host = host_of(iss);
        let made_by = token.product();
        let mut own = api.issuers.iter();
        own.all(|own| {
            let product = Product::of_url(own);
            host_of(own) != host && product.is_some() && product != made_by
        })
    })
}

fn template(evidence: &Evidence) -> Option<Case> {
    let api = evidence.api.iter().flat_map(|api| &api.issuers);
    let literal = api
        .into_iter()
        .find(|issuer| issuer.contains(TENANT_PLACEHOLDER));
    let logged = || {
        let text = evidence.text.as_ref()?;
        (text.says(TENANT_PLACEHOLDER) && text.says("issuer"))
            .then(|| "The log compares an issuer with `{tenantid}` in it.".to_owned())
    };
    let seen = match literal {
        Some(issuer) => format!(
            "The API expects the issuer {}, to the letter.",
            shown(issuer)
        ),
        None => logged()?,
    };
    let tid = evidence.token.as_ref().and_then(|token| token.text("tid"));
    let tenant = tid.and_then(TenantId::parse);
    let tenant = tenant.as_ref().map_or("<tenant id>", TenantId::as_str);
    Some(
        Case::new(seen)
            .change(Change::api(
                "metadata",
                format!(
                    "Use the metadata of the tenant: `https://login.microsoftonline.com/{tenant}/v2.0/\
                     .well-known/openid-configuration`."
                ),
            ))
            .change(Change::api(
                "issuer",
                "For several tenants: put the token's `tid` in the place of the braces before comparing, \
                 and look the tenant up in a list.",
            )),
    )
}

fn issuer(evidence: &Evidence) -> Option<Case> {
    let failed = || {
        let token = evidence.token.as_ref()?;
        let expected = evidence.metadata.as_ref()?.text("issuer")?;
        let iss = token.text("iss")?;
        // Where the two are the same, it is the key that is another issuer's.
        (token.failed(Failure::Issuer) && iss != expected).then_some((iss, vec![expected]))
    };
    let signed_in = configured_issuer(evidence);
    let (found, expected) = match (mismatch(evidence), signed_in) {
        (Some((api, _, iss)), _) => (iss, api.issuers.iter().map(String::as_str).collect()),
        (None, Some((iss, own))) => (iss, vec![own]),
        (None, None) => failed()?,
    };
    let slash = expected
        .iter()
        .any(|own| own.trim_end_matches('/') == found.trim_end_matches('/'));
    let case = Case::new(format!(
        "{} is issued by {}; expected is {}.",
        evidence.subject(),
        shown(found),
        shown_list(expected.iter().copied(), "or")
    ));
    let case = match slash {
        true => case.because(
            "They differ by the slash at the end, and issuers are compared to the letter.",
        ),
        false if is_foreign(evidence) => {
            let theirs = expected.first().and_then(|own| Product::of_url(own));
            let theirs = theirs.map_or("another provider", Product::name);
            let whose = evidence.token.as_ref().and_then(Token::product);
            let whose = whose.map_or_else(|| shown(found), |product| product.name().to_owned());
            match signed_in {
                Some(_) => case.because(format!(
                    "The token is one of {whose}, and people sign in here with {theirs}: it is of another sign-in."
                )),
                None => case
                    .because(format!(
                        "The token is one of {whose}, and the API takes those of {theirs}. No scope and no setting \
                         there makes the one into the other."
                    ))
                    .change(Change::api(
                        "the token passed on",
                        format!("If people sign in with {theirs}: pass on the token of that sign-in."),
                    )),
            }
        }
        false => case,
    };
    let text = format!(
        "If {} is the provider you mean: write its issuer exactly so. If not, the token is somebody \
         else's, and refusing it is right.",
        shown(found)
    );
    Some(case.change(match signed_in {
        Some(_) => setting(
            evidence,
            Change::config("provider.issuer", text.clone()),
            Change::apache("OIDCProviderMetadataURL", text),
        ),
        None => Change::api("accepted issuers", text),
    }))
}

/// The issuer of an ID token and the one configured, where that is one issuer and they differ.
fn configured_issuer(evidence: &Evidence) -> Option<(&str, &str)> {
    let token = evidence
        .token
        .as_ref()
        .filter(|token| token.role == Role::Id)?;
    let ours = |settings: &Settings| {
        !matches!(
            settings.origin,
            Some(Origin::OAuth2Proxy | Origin::EasyAuth)
        )
    };
    let of_sign_in = evidence.api.is_none() || evidence.settings.as_ref().is_some_and(ours);
    let provider = evidence.provider().filter(|_| of_sign_in)?;
    let (iss, own) = (token.text("iss")?, provider.issuer.as_deref()?);
    let one = match Product::of_url(own) {
        Some(Product::Entra) => {
            let of_entra = Product::of_url(iss) == Some(Product::Entra);
            !of_entra || tenant_in(own).is_some() && provider.tenants.is_none()
        }
        // Their issuers are not what the address says.
        Some(Product::B2c | Product::ExternalId) => false,
        _ => true,
    };
    (one && iss != own).then_some((iss, own))
}

/// A library that says so, and not which issuer it found.
fn logged_issuer(evidence: &Evidence) -> Option<Case> {
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
fn logged_id_token(evidence: &Evidence) -> Option<Case> {
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

/// The longest an ordinary access token is configured to live is a day; the usual is 60 to 90
/// minutes.
const LONG_SECS: i64 = 18 * 3600;

fn long_lived(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref().filter(|token| token.is_entra())?;
    let lives = token.number("exp")?.saturating_sub(token.number("iat")?);
    if lives <= LONG_SECS || token.looks_like_id_token() || token.has_milliseconds() {
        return None;
    }
    let case = Case::new(format!(
        "{} lives {} hours.",
        evidence.subject(),
        lives / 3600
    ))
    .change(Change::api(
        "WWW-Authenticate",
        "If the API ends sessions early: answer with a claims challenge, and the client gets a new \
             token.",
    ));
    Some(match token.words("xms_cc").contains(&"cp1") {
        true => case.because(
            "The client said that it understands claims challenges (`xms_cc` is `cp1`): then Entra makes its tokens \
             last, and tells APIs of Microsoft's at once when a session ends.",
        ),
        // The token does not say why.
        false => case.confidence(Confidence::Inferred),
    })
}

fn algorithm(evidence: &Evidence) -> Option<Case> {
    let numbered = evidence.has_code("IDX10696");
    if evidence.token.is_none() && (numbered || evidence.heard(Saying::Algorithm)) {
        let number = if numbered { " IDX10696:" } else { "" };
        return Some(
            Case::new(format!(
                "The library says{number} that it does not accept the token's algorithm."
            ))
            .change(Change::api(
                "accepted algorithms",
                "Accept what the provider's metadata names, mostly RS256, and nothing else.",
            )),
        );
    }
    let token = evidence.token.as_ref()?;
    let alg = token.header_text("alg")?;
    let of_api = evidence
        .api
        .iter()
        .flat_map(|api| &api.algorithms)
        .map(String::as_str);
    let mut named: Vec<&str> = of_api.collect();
    if named.is_empty() {
        let metadata = evidence.metadata.as_ref();
        named = metadata
            .and_then(|metadata| metadata.list("id_token_signing_alg_values_supported"))
            .unwrap_or_default();
    }
    if named.is_empty() && token.is_entra() {
        named = vec!["RS256"];
    }
    (!named.is_empty() && !named.contains(&alg)).then(|| {
        Case::new(format!(
            "{} is signed with {}; named is {}.",
            evidence.subject(),
            shown(alg),
            shown_list(named.iter().copied(), "or")
        ))
        .change(Change::api(
            "accepted algorithms",
            format!(
                "Accept {} and nothing else. If the provider changed its algorithm, its metadata says so \
                 first.",
                shown_list(named.iter().copied(), "and")
            ),
        ))
    })
}
