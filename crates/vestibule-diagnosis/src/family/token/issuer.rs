//! The issuer of a token, and those that are accepted.

use vestibule_oidc::microsoft::{TENANT_PLACEHOLDER, TenantId};

use super::logged_issuer::logged_issuer;
use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::{Api, Failure, Origin, Product, Role, Settings, Token, host_of};
use crate::shown::{shown, shown_list};
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
