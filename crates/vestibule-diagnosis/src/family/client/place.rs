//! The client's id, and the tenant and the cloud it is in.

use vestibule_oidc::microsoft::{TenantId, serves_many_tenants};

use super::super::said::{Said, message_app, message_tenant};
use super::super::token::tenant_in;
use crate::catalogue::{Case, Row};
use crate::cure::{login_host, portal, setting, write_issuer};
use crate::evidence::{Product, host_of};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

const CODES: &str = "Microsoft Entra authentication and authorization error codes";
/// The numbers of apps a tenant does not know.
const UNKNOWN_APP: [u32; 3] = [700_016, 700_011, 70001];
/// The numbers of a request that needs one tenant.
const NEEDS_TENANT: [u32; 5] = [50194, 90124, 90130, 9_001_023, 9_002_332];
/// The numbers of another cloud.
const ANOTHER_CLOUD: [u32; 6] = [900_439, 90038, 90043, 90051, 900_432, 900_382];

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-CLIENT-ID",
        title: "the client id is none of this tenant's",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: CODES,
        symptom: "Microsoft's page says AADSTS700016.",
        cause: "Another id was copied (the object ID, or one from Enterprise applications), or the app is in another tenant than the one in the address.",
        cure: "Copy Application (client) ID and Directory (tenant) ID from the Overview of the registration.",
        fault: Some("token-error-700016"),
        explains: &["VST-AADSTS-700016", "VST-AADSTS-700011", "VST-AADSTS-70001"],
        judge: client_id,
    },
    Row {
        code: "VST-CLIENT-COMMON",
        title: "an app for one tenant is used through common",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: CODES,
        symptom: "Microsoft's page says AADSTS50194.",
        cause: "The registration admits one organization, and the address says `common`, `organizations` or `consumers`, which stand for many.",
        cure: "Write the tenant's id into the address; or admit other organizations in the registration.",
        fault: None,
        explains: &[
            "VST-AADSTS-50194",
            "VST-AADSTS-90124",
            "VST-AADSTS-90130",
            "VST-AADSTS-9001023",
            "VST-AADSTS-9002332",
            "VST-TOKEN-ANY-TENANT",
        ],
        judge: common,
    },
    Row {
        code: "VST-CLIENT-CONSUMERS",
        title: "the app does not admit personal Microsoft accounts",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "public reports of Microsoft's page for personal accounts",
        symptom: "After a personal account was chosen, Microsoft's page says `unauthorized_client`: the client does not exist or \
                  is not enabled for consumers.",
        cause: "The address stands for personal accounts too (`common` or `consumers`), and the registration admits work and \
                school accounts alone. Then the page for personal accounts does not know the app.",
        cure: "Send people to your own tenant; or admit personal accounts in the registration.",
        fault: None,
        explains: &["VST-OAUTH-UNAUTHORIZED-CLIENT", "VST-TOKEN-ANY-TENANT"],
        judge: consumers,
    },
    Row {
        code: "VST-CLIENT-CLOUD",
        title: "the app is in another cloud than the account",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: authentication in national clouds",
        symptom: "Microsoft's page says AADSTS900439, AADSTS90038 or AADSTS900382, mostly for people of a government.",
        cause: "National clouds have hosts and registrations of their own, and a registration works in its own alone.",
        cure: "Register the app in the portal of that cloud, and use its host.",
        fault: None,
        explains: &[
            "VST-AADSTS-900439",
            "VST-AADSTS-90038",
            "VST-AADSTS-90043",
            "VST-AADSTS-90051",
            "VST-AADSTS-900432",
            "VST-AADSTS-900382",
        ],
        judge: cloud,
    },
];

/// The tenant's id was written in the place of the client's.
fn tenant_as_client(evidence: &Evidence) -> Option<Case> {
    let provider = evidence.provider()?;
    let client = provider.client_id.as_deref()?;
    let tenant = tenant_in(provider.authority()?)?;
    if evidence.product() != Some(Product::Entra) || !tenant.as_str().eq_ignore_ascii_case(client) {
        return None;
    }
    Some(
        Case::new(format!(
            "The client id {} is the id of the tenant in the issuer.",
            shown(client)
        ))
        .because("The two stand one below the other in the portal, and one was copied twice.")
        .change(Change::portal(
            portal::OVERVIEW,
            "Copy Application (client) ID; Directory (tenant) ID belongs into the issuer.",
        ))
        .change(setting(
            evidence,
            Change::config("provider.client_id", "Write it here.")
                .line("client_id = \"CLIENT-ID\""),
            Change::apache("OIDCClientID", "Write it here.").line("OIDCClientID CLIENT-ID"),
        )),
    )
}

fn client_id(evidence: &Evidence) -> Option<Case> {
    if let Some(case) = tenant_as_client(evidence) {
        return Some(case);
    }
    let configured = evidence
        .provider()
        .and_then(|provider| provider.client_id.as_deref());
    if configured.is_none() && !evidence.has_aadsts(&UNKNOWN_APP) {
        return None;
    }
    let named = message_app(evidence);
    let app = named.as_deref().or(configured)?;
    let no_guid = evidence.product() == Some(Product::Entra) && TenantId::parse(app).is_none();
    if !no_guid && !evidence.has_aadsts(&UNKNOWN_APP) {
        return None;
    }
    let tenant = message_tenant(evidence).or_else(|| Said::of(evidence).tenant);
    let seen = match (no_guid, tenant) {
        (true, _) => format!(
            "The client id {} is no GUID, as those of Entra are.",
            shown(app)
        ),
        (false, Some(tenant)) => {
            format!("The tenant {} knows no app {}.", shown(&tenant), shown(app))
        }
        (false, None) => format!("The tenant knows no app {}.", shown(app)),
    };
    Some(
        Case::new(seen)
            .change(Change::portal(
                portal::OVERVIEW,
                "Copy Application (client) ID. Object ID, and the ids under Enterprise applications, are others.",
            ))
            .change(setting(
                evidence,
                Change::config("provider.client_id", "Write it here.").line("client_id = \"CLIENT-ID\""),
                Change::apache("OIDCClientID", "Write it here.").line("OIDCClientID CLIENT-ID"),
            ))
            .change(write_issuer(
                evidence,
                &format!("https://{}/TENANT-ID/v2.0", login_host(evidence)),
                "Or the tenant is wrong: copy Directory (tenant) ID from the same page.",
            )),
    )
}

fn consumers(evidence: &Evidence) -> Option<Case> {
    evidence.says("not enabled for consumers").then(|| {
        Case::new("Microsoft's page for personal accounts says that it does not know the app.")
            .change(write_issuer(
                evidence,
                &format!("https://{}/TENANT-ID/v2.0", login_host(evidence)),
                "If work accounts alone are to sign in: use your tenant's id, under Microsoft Entra ID > Overview > Tenant ID.",
            ))
            .change(Change::portal(
                "App registrations > your sign-in app > Authentication > Supported account types",
                "If personal accounts are meant: choose the types that include personal Microsoft accounts. Then list \
                 whose sign-ins count, or everybody with such an account gets in.",
            ))
    })
}

fn common(evidence: &Evidence) -> Option<Case> {
    let authority = evidence.provider()?.authority()?;
    let (_, rest) = authority.split_once("://")?;
    let segment = rest
        .split('/')
        .nth(1)
        .filter(|segment| serves_many_tenants(segment))?;
    evidence.has_aadsts(&NEEDS_TENANT).then(|| {
        Case::new(format!(
            "The address says {}, and the app is for one tenant.",
            shown(segment)
        ))
        .change(write_issuer(
            evidence,
            &format!("https://{}/TENANT-ID/v2.0", login_host(evidence)),
            "Write Directory (tenant) ID in its place.",
        ))
        .change(Change::portal(
            "App registrations > your sign-in app > Authentication > Supported account types",
            "Or admit accounts of other organizations, and list their tenants in `tenants`.",
        ))
    })
}

fn cloud(evidence: &Evidence) -> Option<Case> {
    let authority = evidence.provider()?.authority()?;
    let host = host_of(authority).filter(|_| evidence.has_aadsts(&ANOTHER_CLOUD))?;
    let other = match host {
        "login.microsoftonline.us" => "login.microsoftonline.com",
        _ => "login.microsoftonline.us",
    };
    Some(
        Case::new(format!("The address is of {}, and the account or tenant is in another cloud.", shown(host)))
            .change(Change::portal(
                "App registrations > New registration",
                "Register the app in the portal of that cloud: portal.azure.us for the US government, portal.azure.cn for China.",
            ))
            .change(write_issuer(
                evidence,
                &format!("https://{other}/TENANT-ID/v2.0"),
                "Write the host of that cloud; for China it is login.partner.microsoftonline.cn.",
            )),
    )
}
