//! The client's id, and the tenant and the cloud it is in.

use vestibule_oidc::microsoft::{TenantId, cloud_of, serves_many_tenants};

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
        code: "VST-CLIENT-ISSUER-NAME",
        title: "the issuer names the tenant by its domain",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: OpenID Connect, metadata; OIDC Discovery §4.3",
        symptom: "The program says that the issuer of the metadata or of the token is another one.",
        cause: "Entra finds the tenant by its domain, but its metadata and tokens always name it by its id, and issuers are compared letter for letter.",
        cure: "Write the tenant's id.",
        fault: None,
        explains: &["VST-TOKEN-ISSUER", "VST-KEYS-LIBRARY"],
        judge: issuer_name,
    },
    Row {
        code: "VST-CLIENT-ISSUER-COMMON",
        title: "the issuer of common, which no token has",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Validate the issuer\"; OpenID Connect, the tenant in the \
                 address",
        symptom: "The program expects an issuer with `common`, `organizations` or `consumers` in it, and the token's has \
                  a tenant's id there.",
        cause: "These words stand for many tenants, in addresses alone. A token is always issued by one tenant, and \
                names that one by its id, so an issuer that is compared to the letter never fits.",
        cure: "Write the tenant's id into the issuer. For several tenants use a program that compares each with a list.",
        fault: None,
        explains: &[
            "VST-TOKEN-ISSUER",
            "VST-TOKEN-TENANT",
            "VST-TOKEN-VERSION",
            "VST-TOKEN-ANY-TENANT",
            "VST-KEYS-ISSUER",
            "VST-KEYS-LIBRARY",
        ],
        judge: issuer_common,
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

fn client_id(evidence: &Evidence) -> Option<Case> {
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

/// The words that stand for many tenants in an issuer that is compared to the letter.
fn alias_of(issuer: &str) -> Option<&str> {
    cloud_of(host_of(issuer)?)?;
    let segment = issuer.split('/').nth(3)?;
    ["common", "organizations", "consumers"]
        .into_iter()
        .find(|alias| alias.eq_ignore_ascii_case(segment))
}

fn issuer_common(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref().or(evidence.id_token.as_ref())?;
    let found = token.text("iss")?;
    let expected = &evidence.api.as_ref()?.issuers;
    let tenant = tenant_in(found)?;
    cloud_of(host_of(found)?)?;
    let issuer = expected.iter().find(|issuer| alias_of(issuer).is_some())?;
    if expected.iter().any(|issuer| issuer == found) {
        return None;
    }
    let host = login_host(evidence);
    Some(
        Case::new(format!(
            "Expected is the issuer {}; the token's is {}.",
            shown(issuer),
            shown(found)
        ))
        .change(write_issuer(
            evidence,
            &format!("https://{host}/{tenant}/v2.0"),
            "If that is your tenant, and people of no other are to sign in: write its id.",
        ))
        .change(setting(
            evidence,
            Change::config(
                "provider.tenants",
                "For several tenants: keep that address, and list whose people may sign in; Vestibule then compares \
                 each token's issuer with the list.",
            )
            .line(format!("tenants = [\"{tenant}\"]")),
            Change::apache(
                "OIDCProviderIssuer",
                "For several tenants Apache's module can't compare the issuer: sign in at your own tenant.",
            ),
        )),
    )
}

fn issuer_name(evidence: &Evidence) -> Option<Case> {
    let of_api = || {
        let mut issuers = evidence.api.as_ref()?.issuers.iter();
        evidence.token.as_ref().filter(|token| token.is_partial)?;
        issuers.find(|issuer| {
            issuer
                .split('/')
                .nth(3)
                .is_some_and(|part| part.contains('.'))
        })
    };
    let configured = evidence
        .provider()
        .and_then(|provider| provider.issuer.as_ref());
    let issuer = configured.or_else(of_api)?.as_str();
    let host = host_of(issuer)?;
    let (_, rest) = issuer.split_once("://")?;
    let segment = rest.split('/').nth(1)?;
    // Metadata at hand shows better in what the two differ.
    let has_metadata = evidence.metadata.is_some();
    if has_metadata || cloud_of(host).is_none() || !segment.contains('.') {
        return None;
    }
    let tenant = evidence
        .token
        .as_ref()
        .or(evidence.id_token.as_ref())
        .and_then(|token| token.text("tid"))
        .filter(|tenant| TenantId::parse(tenant).is_some())
        .unwrap_or("TENANT-ID");
    Some(
        Case::new(format!(
            "The issuer is {}; {} is the tenant's domain.",
            shown(issuer),
            shown(segment)
        ))
        .change(write_issuer(
            evidence,
            &issuer.replacen(segment, tenant, 1),
            "Write Directory (tenant) ID in its place.",
        ))
        .change(Change::portal(
            portal::OVERVIEW,
            "Directory (tenant) ID stands here.",
        )),
    )
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
