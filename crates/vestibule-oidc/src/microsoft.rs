//! Holds what Microsoft's clouds and products call themselves, as data, and the shape of their
//! names.
//!
//! Every table here is a fact about somebody else; no rule is decided in this file.

use std::fmt;

/// The placeholder in the issuers of documents and keys that serve many tenants.
pub const TENANT_PLACEHOLDER: &str = "{tenantid}";

/// The tenant all personal Microsoft accounts live in.
pub const PERSONAL_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// One national cloud: the host its v2.0 issuers name, and other hosts that serve the same
/// documents. A document fetched from an alias may name the alias or the issuing host; tokens name
/// the issuing host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cloud {
    /// What it is called in a sentence.
    pub name: &'static str,
    /// The host in the `iss` of v2.0 tokens.
    pub issuing_host: &'static str,
    /// Other hosts of the same cloud.
    pub aliases: &'static [&'static str],
    /// The host in the `iss` of v1.0 tokens, where one is known.
    pub v1_host: Option<&'static str>,
    /// The host of its Microsoft Graph, where one is known.
    pub graph_host: Option<&'static str>,
}

/// The clouds there are. Germany's first cloud closed in 2021 and is left out.
pub const CLOUDS: &[Cloud] = &[
    Cloud {
        name: "the global cloud",
        issuing_host: "login.microsoftonline.com",
        aliases: &[
            "login.windows.net",
            "login.microsoft.com",
            "sts.windows.net",
        ],
        v1_host: Some("sts.windows.net"),
        graph_host: Some("graph.microsoft.com"),
    },
    Cloud {
        name: "the US Government cloud",
        issuing_host: "login.microsoftonline.us",
        aliases: &["login.usgovcloudapi.net", "login-us.microsoftonline.com"],
        v1_host: Some("sts.windows.net"),
        graph_host: Some("graph.microsoft.us"),
    },
    Cloud {
        name: "the China cloud (21Vianet)",
        issuing_host: "login.partner.microsoftonline.cn",
        aliases: &["login.chinacloudapi.cn"],
        v1_host: Some("sts.chinacloudapi.cn"),
        graph_host: Some("microsoftgraph.chinacloudapi.cn"),
    },
    Cloud {
        name: "the French sovereign cloud (Bleu)",
        issuing_host: "login.sovcloud-identity.fr",
        aliases: &[],
        v1_host: None,
        graph_host: None,
    },
    Cloud {
        name: "the German sovereign cloud (Delos)",
        issuing_host: "login.sovcloud-identity.de",
        aliases: &[],
        v1_host: None,
        graph_host: None,
    },
    Cloud {
        name: "the Singapore government cloud (GovSG)",
        issuing_host: "login.sovcloud-identity.sg",
        aliases: &[],
        v1_host: None,
        graph_host: None,
    },
];

/// External ID: `NAME.ciamlogin.com`, issuing as `TENANT-GUID.ciamlogin.com`.
pub const CIAM_SUFFIX: &str = ".ciamlogin.com";
/// Azure AD B2C: `NAME.b2clogin.com`.
pub const B2C_SUFFIX: &str = ".b2clogin.com";

/// The audiences of Microsoft Graph: its application id and its App ID URIs, without a trailing
/// slash.
pub const GRAPH_AUDIENCES: &[&str] = &[
    GRAPH_ID,
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
];

/// The client id of Microsoft Graph, by which a scope names it in every cloud.
pub const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";

/// Audiences of other APIs of Microsoft's own, without a trailing slash, and what they are called.
/// Their tokens are nobody else's to validate either.
const MICROSOFT_AUDIENCES: &[(&str, &str)] = &[
    ("00000002-0000-0000-c000-000000000000", "Azure AD Graph"),
    ("https://graph.windows.net", "Azure AD Graph"),
    (
        "https://management.core.windows.net",
        "Azure Resource Manager",
    ),
    ("https://management.azure.com", "Azure Resource Manager"),
    (
        "https://management.usgovcloudapi.net",
        "Azure Resource Manager",
    ),
    (
        "https://management.core.usgovcloudapi.net",
        "Azure Resource Manager",
    ),
    (
        "https://management.chinacloudapi.cn",
        "Azure Resource Manager",
    ),
    (
        "797f4846-ba00-4fd7-ba43-dac1f8f63013",
        "Azure Resource Manager",
    ),
    ("https://vault.azure.net", "Azure Key Vault"),
    ("https://vault.usgovcloudapi.net", "Azure Key Vault"),
    ("cfa8b339-82a2-471a-a3c9-0fc0be7a4093", "Azure Key Vault"),
    ("https://storage.azure.com", "Azure Storage"),
    ("https://database.windows.net", "Azure SQL Database"),
    ("https://servicebus.azure.net", "Azure Service Bus"),
    ("https://eventhubs.azure.net", "Azure Event Hubs"),
    ("https://cognitiveservices.azure.com", "Azure AI services"),
    ("https://cosmos.azure.com", "Azure Cosmos DB"),
    ("https://monitor.azure.com", "Azure Monitor"),
    ("https://api.loganalytics.io", "Azure Monitor"),
    ("https://batch.core.windows.net", "Azure Batch"),
    ("https://datalake.azure.net", "Azure Data Lake"),
    ("499b84ac-1321-427f-aa17-267ca6975798", "Azure DevOps"),
    ("https://app.vssps.visualstudio.com", "Azure DevOps"),
    ("https://analysis.windows.net/powerbi/api", "Power BI"),
    ("https://outlook.office.com", "Exchange Online"),
    ("https://outlook.office365.com", "Exchange Online"),
    ("00000002-0000-0ff1-ce00-000000000000", "Exchange Online"),
    ("00000003-0000-0ff1-ce00-000000000000", "SharePoint Online"),
    ("https://substrate.office.com", "Microsoft 365"),
    ("https://api.spaces.skype.com", "Microsoft Teams"),
];

/// Names that stand for many tenants in an authority's path.
const MANY_TENANTS: &[&str] = &["common", "organizations"];

/// The cloud a host belongs to.
pub fn cloud_of(host: &str) -> Option<&'static Cloud> {
    CLOUDS
        .iter()
        .find(|cloud| cloud.issuing_host == host || cloud.aliases.contains(&host))
}

/// Whether a host is one of Microsoft's sign-in hosts, so that its provider is treated as Entra.
pub fn is_known_host(host: &str) -> bool {
    cloud_of(host).is_some() || host.ends_with(CIAM_SUFFIX) || host.ends_with(B2C_SUFFIX)
}

/// Whether a host is Microsoft Graph's, in one of Microsoft's clouds.
pub fn is_graph_host(host: &str) -> bool {
    GRAPH_AUDIENCES
        .iter()
        .any(|audience| audience.strip_prefix("https://") == Some(host))
}

/// Whether an audience is Microsoft Graph.
pub fn is_graph_audience(audience: &str) -> bool {
    GRAPH_AUDIENCES.contains(&audience.trim_end_matches('/'))
}

/// The name of another API of Microsoft's own, if the audience is one.
pub fn microsoft_api(audience: &str) -> Option<&'static str> {
    let bare = audience.trim_end_matches('/');
    let listed = MICROSOFT_AUDIENCES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(bare))
        .map(|(_, name)| *name);
    let host = bare.strip_prefix("https://").unwrap_or_default();
    let under = |suffix: &str| host.ends_with(suffix) && !host.contains('/');
    listed
        .or_else(|| under(".sharepoint.com").then_some("SharePoint Online"))
        .or_else(|| under(".vault.azure.net").then_some("Azure Key Vault"))
        .or_else(|| under(".crm.dynamics.com").then_some("Dynamics 365"))
}

/// Whether an authority's tenant segment stands for many tenants, so that an allow-list is needed.
pub fn serves_many_tenants(segment: &str) -> bool {
    MANY_TENANTS
        .iter()
        .any(|name| name.eq_ignore_ascii_case(segment))
        || segment == TENANT_PLACEHOLDER
}

/// Whether one of Entra's numbers stands for trouble of its own that is over after a while.
pub const fn passes_by_itself(aadsts: u32) -> bool {
    matches!(
        aadsts,
        50_000 | 50_033 | 50_087 | 70_012 | 90_006 | 90_024 | 90_033 | 90_055 | 90_090
    )
}

/// The number in the first `AADSTS…` code of a text.
pub fn aadsts_code(text: &str) -> Option<u32> {
    let (_, after) = text.split_once("AADSTS")?;
    let digits: String = after
        .chars()
        .take_while(char::is_ascii_digit)
        .take(9)
        .collect();
    digits.parse().ok()
}

/// A tenant's id: a GUID, kept in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(String);

impl TenantId {
    /// Reads a GUID in its usual form, eight-four-four-four-twelve hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let groups = [8, 4, 4, 4, 12];
        let mut parts = text.split('-');
        let fits = groups.into_iter().all(|length| {
            parts.next().is_some_and(|part| {
                part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
        });
        (fits && parts.next().is_none()).then(|| Self(text.to_ascii_lowercase()))
    }

    /// The GUID in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_a_guid() {
        let id = TenantId::parse("9188040D-6C67-4c5b-b112-36a304b66dad").unwrap();
        assert_eq!(id.as_str(), PERSONAL_TENANT);
        for text in [
            "",
            "common",
            "contoso.onmicrosoft.com",
            "9188040d6c674c5bb11236a304b66dad",
            "{9188040d-6c67-4c5b-b112-36a304b66dad}",
            "9188040d-6c67-4c5b-b112-36a304b66da",
            "9188040d-6c67-4c5b-b112-36a304b66dad-",
            "g188040d-6c67-4c5b-b112-36a304b66dad",
        ] {
            assert_eq!(TenantId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn aadsts_codes_are_found_in_descriptions() {
        for (text, code) in [
            ("AADSTS50011: The redirect URI …", Some(50011)),
            ("x AADSTS7000218: y AADSTS1", Some(7_000_218)),
            ("AADSTS", None),
            ("AADSTSx", None),
            ("aadsts50011", None),
            ("AADSTS99999999999999", Some(999_999_999)),
        ] {
            assert_eq!(aadsts_code(text), code, "{text}");
        }
    }

    #[test]
    fn graph_is_recognised_with_and_without_slash() {
        assert!(is_graph_audience("https://graph.microsoft.com/"));
        assert!(is_graph_audience("00000003-0000-0000-c000-000000000000"));
        assert!(!is_graph_audience(
            "https://graph.microsoft.com.evil.example"
        ));
        assert!(!is_graph_audience(
            "api://00000003-0000-0000-c000-000000000000"
        ));
    }

    #[test]
    fn the_graph_of_each_cloud_is_one_of_graphs_hosts() {
        let hosts = CLOUDS.iter().filter_map(|cloud| cloud.graph_host);
        assert!(hosts.clone().count() == 3 && hosts.clone().all(is_graph_host));
        for host in ["", "graph.windows.net", "graph.microsoft.com.evil.example"] {
            assert!(!is_graph_host(host), "{host}");
        }
    }

    #[test]
    fn apis_of_microsofts_own_are_recognised() {
        for audience in [
            "00000002-0000-0000-c000-000000000000",
            "https://management.core.windows.net/",
            "https://vault.azure.net",
            "https://contoso.sharepoint.com",
        ] {
            assert!(microsoft_api(audience).is_some(), "{audience}");
        }
        for audience in [
            "https://vault.azure.net.evil.example",
            "https://evil.example/x.sharepoint.com",
            "api://00000002-0000-0000-c000-000000000000",
            "9e59d98b-d747-4a9a-96fd-178f04d08b02",
            "https://contoso.azurewebsites.net",
        ] {
            assert_eq!(microsoft_api(audience), None, "{audience}");
        }
    }

    #[test]
    fn hosts_are_known_whole() {
        for host in [
            "login.windows.net",
            "contoso.ciamlogin.com",
            "contoso.b2clogin.com",
        ] {
            assert!(is_known_host(host), "{host}");
        }
        for host in [
            "evil-login.windows.net",
            "ciamlogin.com",
            "login.microsoftonline.com.evil.example",
        ] {
            assert!(!is_known_host(host), "{host}");
        }
    }
}
