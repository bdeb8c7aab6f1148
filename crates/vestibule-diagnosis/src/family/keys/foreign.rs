//! Keys of another cloud, another issuer or another product.

use vestibule_oidc::microsoft::TENANT_PLACEHOLDER;

use super::signature::{found, missing};
use crate::catalogue::{Case, Row};
use crate::evidence::{Failure, Product, host_of};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-KEYS-B2C",
        title: "Entra's keys for a B2C token, or the other way round",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: troubleshooting signature validation errors",
        symptom: "The key of a B2C token is not found.",
        cause: "Azure AD B2C and Microsoft Entra ID are different products with different keys, and B2C has \
                keys per policy.",
        cure: "Use the metadata of the token's own host and policy.",
        fault: None,
        explains: &["VST-KEYS-KID-MISSING"],
        judge: b2c,
    },
    Row {
        code: "VST-KEYS-CIAM",
        title: "keys of another host than External ID's",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Reports of key sets that differ between ciamlogin.com and login.microsoftonline.com",
        symptom: "The key of an External ID token is not found.",
        cause: "The keys come from login.microsoftonline.com, and External ID publishes its own on \
                ciamlogin.com.",
        cure: "Use the metadata of `NAME.ciamlogin.com`.",
        fault: None,
        explains: &["VST-KEYS-KID-MISSING"],
        judge: ciam,
    },
    Row {
        code: "VST-KEYS-CLOUD",
        title: "a key of another cloud",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "IdentityModel: message IDX40012",
        symptom: "The signature is right, and the token is still refused: its key belongs to another cloud.",
        cause: "The public cloud's list has keys of other clouds too. A key of another cloud says nothing \
                about a token of this one.",
        cure: "Keep refusing. Sign in at the cloud the tenant is in.",
        fault: Some("foreign-key"),
        explains: &["VST-KEYS-FOREIGN-ISSUER", "VST-KEYS-LIBRARY"],
        judge: cloud,
    },
    Row {
        code: "VST-KEYS-FOREIGN-ISSUER",
        title: "a key of another issuer",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Validate the issuer\"; signing key rollover",
        symptom: "The signature is right, and the token is still refused: its key is another issuer's.",
        cause: "Each of Entra's v2.0 keys names the issuer it signs for. The lists of `common` have keys of \
                several; one that signs for personal accounts says nothing about a company's token.",
        cure: "Keep refusing, and find out where the token came from.",
        fault: None,
        explains: &["VST-KEYS-LIBRARY"],
        judge: foreign_issuer,
    },
];

/// The token's issuer's product and that of the keys' address, if both are known.
fn products(evidence: &Evidence) -> Option<(Product, Product, &str)> {
    let (token, _, keys) = missing(evidence)?;
    let url = keys.url.as_deref()?;
    Some((token.product()?, Product::of_url(url)?, url))
}

fn metadata_of_the_token(evidence: &Evidence) -> Change {
    let iss = evidence.token.as_ref().and_then(|token| token.text("iss"));
    let host = iss.and_then(host_of).unwrap_or("the token's issuer");
    Change::api(
        "metadata",
        format!(
            "Set the API up with the metadata of {}, and for B2C of the policy.",
            shown(host)
        ),
    )
}

fn b2c(evidence: &Evidence) -> Option<Case> {
    let (of_token, of_keys, url) = products(evidence)?;
    ((of_token == Product::B2c) != (of_keys == Product::B2c)).then(|| {
        Case::new(format!(
            "The token is of {}, and the keys of {}, from {}.",
            of_token.name(),
            of_keys.name(),
            shown(url)
        ))
        .change(metadata_of_the_token(evidence))
    })
}

fn ciam(evidence: &Evidence) -> Option<Case> {
    let (of_token, of_keys, url) = products(evidence)?;
    (of_token == Product::ExternalId && of_keys == Product::Entra).then(|| {
        Case::new(format!(
            "The token is of External ID, and the keys are from {}.",
            shown(url)
        ))
        .change(metadata_of_the_token(evidence))
    })
}

/// What a library says by number alone.
fn said(evidence: &Evidence, code: &str, seen: &str) -> Option<Case> {
    (evidence.has_code(code) && evidence.token.is_none()).then(|| {
        Case::new(format!("The library says {code}: {seen}.")).change(Change::api(
            "the token",
            "Keep refusing, and find out where the token came from: `vestibule explain` shows its `iss` and `kid`.",
        ))
    })
}

fn cloud(evidence: &Evidence) -> Option<Case> {
    if let Some(case) = said(
        evidence,
        "IDX40012",
        "the key is of another cloud than the token",
    ) {
        return Some(case);
    }
    let (_, key) = found(evidence)?;
    let of_key = key.cloud.as_deref()?;
    let ours = evidence.metadata.as_ref()?.text("cloud_instance_name")?;
    (of_key != ours).then(|| {
        Case::new(format!(
            "The key that signed is of the cloud {}; the metadata is of {}.",
            shown(of_key),
            shown(ours)
        ))
        .change(Change::config(
            "provider.issuer",
            "Use the sign-in host of the tenant's cloud: login.microsoftonline.com, .us, or \
             login.partner.microsoftonline.cn.",
        ))
    })
}

/// Hosts of v1.0 issuers, which no key names: the public cloud's with the US government's, and China's.
const V1_HOSTS: [&str; 2] = ["sts.windows.net", "sts.chinacloudapi.cn"];

/// Whether this is the v1.0 issuer of the tenant, at whatever host.
fn is_v1_of(iss: &str, tid: &str) -> bool {
    let path = iss
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'));
    !tid.is_empty() && path.is_some_and(|(_, path)| path.trim_end_matches('/') == tid)
}

fn foreign_issuer(evidence: &Evidence) -> Option<Case> {
    if let Some(case) = said(
        evidence,
        "IDX40005",
        "the key is for another issuer than the token's",
    ) {
        return Some(case);
    }
    let (token, key) = found(evidence)?;
    // It names the key, and that did not sign it.
    if token.failed(Failure::BadSignature) {
        return None;
    }
    let iss = token.text("iss")?;
    let tid = token.text("tid").unwrap_or_default();
    let of_key = key.issuer.as_deref()?.replace(TENANT_PLACEHOLDER, tid);
    // The key set of version 2.0 also signs tokens of version 1.0, under the other name.
    let same_v1 = is_v1_of(iss, tid) && of_key.ends_with(&format!("/{tid}/v2.0")) && {
        let (of_token, of_key) = (host_of(iss), host_of(&of_key));
        of_token == of_key || of_token.is_some_and(|host| V1_HOSTS.contains(&host))
    };
    // Whoever accepts both issuers of a tenant has said that they are one (`TokenIssuer::judge_key`).
    let accepts = |issuer: &str| {
        let mut own = evidence.api.iter().flat_map(|api| &api.issuers);
        own.any(|own| own == issuer)
    };
    let accepts_both =
        iss.contains(tid) && of_key.contains(tid) && accepts(iss) && accepts(&of_key);
    (of_key != iss && !same_v1 && !accepts_both).then(|| {
        Case::new(format!(
            "The key that signed is for {}; the token says {}.",
            shown(&of_key),
            shown(iss)
        ))
        .change(Change::api(
            "key's issuer",
            "Compare the key's `issuer` with the token's `iss`, and refuse where they differ.",
        ))
    })
}
