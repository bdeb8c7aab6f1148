//! Whose people a token is of: tenants.

use vestibule_oidc::microsoft::{PERSONAL_TENANT, TenantId, serves_many_tenants};

use super::issuer::{mismatch, tenant_in};
use crate::catalogue::{Case, Row};
use crate::cure::{login_host, setting, write_issuer};
use crate::evidence::Product;
use crate::shown::{shown, shown_list};
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-TENANT",
        title: "a token of another tenant",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Validate the issuer\"",
        symptom: "Some people are refused because of the issuer: guests, or people of another company.",
        cause: "The person signed in at another tenant than the one that is accepted. That happens with \
                `common` or `organizations` in the authority, and to guests who are sent to their home \
                tenant.",
        cure: "Send people to your tenant's own authority, or accept that tenant too.",
        fault: None,
        explains: &["VST-TOKEN-ISSUER", "VST-TOKEN-VERSION"],
        judge: tenant,
    },
    Row {
        code: "VST-TOKEN-ANY-TENANT",
        title: "people of every company can sign in",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Validate the issuer\"; OpenID Connect, \
                 tenants",
        symptom: "Somebody signs in whom nobody knows.",
        cause: "`common` and `organizations` stand for every tenant there is, `consumers` for everybody with a personal \
                account, and no list says whose people are meant.",
        cure: "Use your tenant's id in the issuer, or list the tenants.",
        fault: None,
        explains: &[],
        judge: any_tenant,
    },
    Row {
        code: "VST-TOKEN-TENANT-ID",
        title: "a tenant that does not fit the issuer",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Validate the issuer\"",
        symptom: "A token with Entra's issuer has no `tid`, two of them, or one that is not in the issuer.",
        cause: "`tid` is the id of the tenant that is in the issuer. Entra makes no token where they differ: it was \
                changed or made up, or comes from something that only looks like Entra.",
        cure: "Refuse it, and find out who sent it.",
        fault: None,
        explains: &["VST-TOKEN-TENANT", "VST-TOKEN-ISSUER", "VST-KEYS-LIBRARY"],
        judge: tenant_id,
    },
];

fn tenant(evidence: &Evidence) -> Option<Case> {
    let id_token = evidence.id_token.as_ref();
    let token = evidence
        .token
        .as_ref()
        .filter(|token| token.is_entra())
        .or(id_token)?;
    let tid = TenantId::parse(token.text("tid")?)?;
    let listed = evidence
        .provider()
        .and_then(|provider| provider.tenants.as_deref());
    let mut of_issuers: Vec<TenantId> = match mismatch(evidence) {
        Some((api, ..)) => api
            .issuers
            .iter()
            .filter_map(|own| tenant_in(own))
            .collect(),
        None => Vec::new(),
    };
    // An API may accept both issuers of one tenant.
    of_issuers.dedup();
    let accepted: Vec<&str> = match listed {
        Some(tenants) if !tenants.is_empty() => tenants.iter().map(String::as_str).collect(),
        _ => of_issuers.iter().map(TenantId::as_str).collect(),
    };
    let fits = |own: &&str| TenantId::parse(own).is_none_or(|own| own == tid);
    if accepted.is_empty() || accepted.iter().any(fits) {
        return None;
    }
    let own = accepted.first().copied().unwrap_or_default();
    let personal = tid.as_str() == PERSONAL_TENANT;
    let whose = match personal {
        true => "the tenant of personal Microsoft accounts".to_owned(),
        false => format!("the tenant `{tid}`"),
    };
    let list: Vec<String> = accepted
        .iter()
        .copied()
        .chain([tid.as_str()])
        .map(|tenant| format!("\"{tenant}\""))
        .collect();
    Some(
        Case::new(format!(
            "{} is of {whose}; accepted is {}.",
            evidence.subject(),
            shown_list(accepted.iter().copied(), "or")
        ))
        .change(own_tenant(evidence, own))
        .changes(both_tenants(evidence, personal, &list.join(", "))),
    )
}

/// Send people to the tenant that is accepted; or, where the file does that already, say what follows from it.
fn own_tenant(evidence: &Evidence, own: &str) -> Change {
    let authority = evidence
        .provider()
        .and_then(|provider| provider.authority());
    let is_sent_there = authority.and_then(tenant_in).as_ref().map(TenantId::as_str) == Some(own);
    match is_sent_there {
        true => Change::environment(
            "where the token comes from",
            "The configuration sends people to that tenant already, so this token comes from another client or from \
             before: sign in here again, and look at the new token. Guests sign in there as guests.",
        ),
        false => write_issuer(
            evidence,
            &format!("https://{}/{own}/v2.0", login_host(evidence)),
            "Send people to your own tenant; guests then sign in as your guests.",
        ),
    }
}

/// Accept people of both tenants. A list of tenants goes only with an address that stands for many.
fn both_tenants(evidence: &Evidence, personal: bool, list: &str) -> Vec<Change> {
    let provider = evidence.provider();
    if provider.is_none() || evidence.from_apache() {
        return vec![Change::api(
            "accepted issuers",
            "Or accept that tenant's issuer as well, if its people are meant to use the API.",
        )];
    }
    let tenants = Change::config("provider.tenants", "And list the tenants.")
        .line(format!("tenants = [{list}]"));
    let authority = provider.and_then(|provider| provider.authority());
    let many = authority.is_some_and(|authority| tenant_in(authority).is_none());
    let alias = if personal { "common" } else { "organizations" };
    match many && !personal {
        true => vec![Change {
            text: "Or accept people of that tenant as well.".to_owned(),
            ..tenants
        }],
        false => vec![
            Change::config(
                "provider.issuer",
                "Or accept people of both: the registration has to admit them (Supported account types), and the \
                 address to stand for many tenants.",
            )
            .line(format!(
                "issuer = \"https://{}/{alias}/v2.0\"",
                login_host(evidence)
            )),
            tenants,
        ],
    }
}

fn any_tenant(evidence: &Evidence) -> Option<Case> {
    let provider = evidence.provider()?;
    let authority = provider.authority()?;
    let (_, rest) = authority.split_once("://")?;
    let segment = rest.split('/').nth(1)?;
    let listed = provider
        .tenants
        .as_ref()
        .is_some_and(|tenants| !tenants.is_empty());
    // Of a log nobody knows what else is configured.
    if provider.tenants.is_none() && evidence.text.is_some() {
        return None;
    }
    if Product::of_url(authority) != Some(Product::Entra)
        || !(serves_many_tenants(segment)
            || ["consumers", PERSONAL_TENANT]
                .iter()
                .any(|personal| personal.eq_ignore_ascii_case(segment)))
        || listed
    {
        return None;
    }
    Some(
        Case::new(format!(
            "The authority is {}, and no tenants are listed.",
            shown(authority)
        ))
        .change(write_issuer(
            evidence,
            &format!("https://{}/<tenant id>/v2.0", login_host(evidence)),
            "Use your tenant's id, under Microsoft Entra ID > Overview > Tenant ID.",
        ))
        .change(setting(
            evidence,
            Change::config(
                "provider.tenants",
                "Or list the tenants whose people may sign in.",
            )
            .line("tenants = [\"<tenant id>\"]"),
            Change::apache("Require", "Or let in only people whose `tid` is yours.")
                .line("Require claim tid:<tenant id>"),
        )),
    )
}

fn tenant_id(evidence: &Evidence) -> Option<Case> {
    if evidence.has_code("IDX40003") && evidence.token.is_none() {
        return Some(
            Case::new("The library says IDX40003: the token has no `tid`.")
                .because(
                    "It is not of Entra, or of a product of Entra's that the library does not expect, as B2C.",
                )
                .change(Change::api(
                    "token validation",
                    "Look at the token's `iss`, and set the API up for that provider.",
                )),
        );
    }
    let token = evidence.token.as_ref().filter(|token| token.is_entra())?;
    // B2C tokens carry the tenant in the issuer alone.
    if token.product() == Some(Product::B2c) {
        return None;
    }
    let in_issuer = tenant_in(token.text("iss")?)?;
    let names = token.claims()?.keys();
    let several = names
        .filter(|name| name.eq_ignore_ascii_case("tid"))
        .count()
        > 1;
    let tid = token.text("tid");
    let seen = match tid.map(TenantId::parse) {
        _ if several => "has two claims that are `tid` in different case".to_owned(),
        None => "has no `tid`".to_owned(),
        Some(None) => format!("has the `tid` {}, which is no GUID", shown(tid?)),
        Some(Some(tid)) if tid != in_issuer => {
            format!("has the `tid` `{tid}`, and its issuer is of `{in_issuer}`")
        }
        Some(Some(_)) => return None,
    };
    Some(
        Case::new(format!(
            "{} is by its issuer one of Entra's and {seen}.",
            evidence.subject()
        ))
        .change(Change::api(
            "tenant check",
            "Refuse tokens whose `tid` is not the tenant in their `iss`.",
        )),
    )
}
