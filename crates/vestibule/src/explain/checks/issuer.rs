//! The check of the issuer, and of the key that signs for it.

use url::Url;
use vestibule_diagnosis::evidence::{Failure, Product, Token};
use vestibule_oidc::issuer::KeyOrigin;
use vestibule_oidc::microsoft::{TenantId, cloud_of};

use super::signature::Signature;
use super::{Check, passes};
use crate::explain::expected::Expected;
use crate::explain::value::{list, shown};

pub(super) fn issuer(token: &Token, api: &Expected, signature: &Signature) -> Check {
    let mut check = passes("issuer");
    let iss = token.text("iss");
    check.found = iss.map(shown);
    let Some(accepted) = api.issuer() else {
        return check.not_checked("add --issuer, or --config with the file that names it");
    };
    let expected = list(api.api.issuers.iter().map(String::as_str)).join(" or ");
    let check = check.expected(expected);
    let setting = match api.is_sign_in {
        true => "`issuer` of the provider, and `tenants` where it serves several",
        false => issuer_setting(iss.unwrap_or_default(), &api.api.issuers),
    };
    let (Some(iss), Some(claims)) = (iss, token.claims()) else {
        return check.found("no `iss`").fails(Failure::Issuer, setting);
    };
    if let Err(mismatch) = accepted.judge(iss, claims) {
        let tenant = mismatch.code() != "issuer_mismatch";
        let found = match (tenant, token.text("tid")) {
            (true, Some(tid)) => format!("{} with the tenant {}", shown(iss), shown(tid)),
            _ => shown(iss),
        };
        return check.found(found).fails(Failure::Issuer, setting);
    }
    if let Signature::Good { issuer, cloud } = signature {
        let origin = KeyOrigin {
            issuer: issuer.as_deref(),
            cloud: cloud.as_deref(),
        };
        let of_keys = api.issuer_of_keys().unwrap_or(accepted);
        if of_keys.judge_key(iss, claims, origin).is_err() {
            return check.found("a key that signs for another issuer").fails(
                Failure::Issuer,
                "the keys: those of the issuer's own metadata",
            );
        }
    }
    check
}

/// What moves the issuer of a token at the API, by the way it differs from those accepted.
fn issuer_setting(iss: &str, accepted: &[String]) -> &'static str {
    if is_b2c_pair(iss, accepted) {
        return "the issuer of the user flow's tokens: User flows > Properties > Issuer (iss) claim; or the API's accepted \
                issuers";
    }
    let cloud = |issuer: &str| Url::parse(issuer).ok()?.host_str().and_then(cloud_of);
    let tenant = |issuer: &str| issuer.split(['/', '.']).find_map(TenantId::parse);
    if cloud(iss).is_none() || !accepted.iter().any(|own| cloud(own).is_some()) {
        return "the API's accepted issuers, or the provider people sign in with: the token is of another one";
    }
    let same_tenant = accepted
        .iter()
        .any(|own| tenant(own).is_some() && tenant(own) == tenant(iss));
    // Version 1.0 has one host for several clouds.
    let is_v1 = |issuer: &str| issuer.starts_with("https://sts.");
    let same_cloud = accepted
        .iter()
        .any(|own| is_v1(own) || is_v1(iss) || cloud(own) == cloud(iss));
    let alias = accepted.iter().any(|own| tenant(own).is_none());
    match (same_tenant, same_cloud) {
        (true, true) => {
            "`requestedAccessTokenVersion` in the manifest of the API's registration, which decides which of its \
             tenant's two issuers a token names; or the API's accepted issuers"
        }
        (_, false) => "the cloud people sign in at: its sign-in host, and the registration in it",
        (false, true) if alias => {
            "the API's accepted issuers: `common` and `organizations` are no issuers, a token names its tenant"
        }
        (false, true) => {
            "the tenant people sign in at: the one in `issuer`; or the API's accepted issuers"
        }
    }
}

/// Whether both are of one tenant of Azure AD B2C, in another form.
fn is_b2c_pair(iss: &str, accepted: &[String]) -> bool {
    let tenant = |issuer: &str| issuer.split(['/', '.']).find_map(TenantId::parse);
    let is_b2c = |issuer: &str| Product::of_url(issuer) == Some(Product::B2c);
    is_b2c(iss)
        && tenant(iss).is_some()
        && accepted
            .iter()
            .any(|own| is_b2c(own) && tenant(own) == tenant(iss))
}
