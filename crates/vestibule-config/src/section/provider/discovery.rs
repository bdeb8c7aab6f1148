//! Which issuer, where its metadata is, whether it is Entra, and which tenants may sign in.

use url::Url;

use super::{Discovery, ProviderKind, endpoint, placeholder};
use crate::read::{Item, Reader, finding};
use crate::section::server::is_loopback;

const WELL_KNOWN: &str = "/.well-known/openid-configuration";
const PERSONAL_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

pub(super) fn read(reader: &Reader<'_>) -> Option<Discovery> {
    let metadata = reader.item("metadata_url");
    let issuer = reader.item("issuer");
    if metadata.is_none() && issuer.is_none() {
        reader.required(
            "issuer",
            "write issuer = \"https://login.microsoftonline.com/TENANT-ID/v2.0\" for Entra, or what your provider calls its issuer",
        );
        return None;
    }
    let issuer_text = issuer.as_ref().and_then(issuer_of);
    let Some(metadata) = metadata else {
        return issuer_text.map(Discovery::Issuer);
    };
    if placeholder_left(&metadata) {
        return None;
    }
    let url = address(&metadata)?;
    if !metadata
        .as_str()
        .is_some_and(|text| text.contains("/.well-known/"))
    {
        metadata.warning(
            "a metadata URL ends in /.well-known/openid-configuration, and this one does not",
            "open it in a browser: it must show a JSON document with an `issuer`",
        );
    }
    Some(Discovery::MetadataUrl {
        url,
        issuer: issuer_text,
    })
}

fn issuer_of(item: &Item<'_>) -> Option<String> {
    if placeholder_left(item) {
        return None;
    }
    let url = address(item)?;
    let text = item.as_str()?;
    if let Some((issuer, _)) = text.split_once(WELL_KNOWN) {
        item.error(
            finding(
                "VST-CLIENT-ISSUER-ENDPOINT",
                "this is where the metadata is, not the issuer",
            ),
            format!("write metadata_url = \"{text}\", or issuer = \"{issuer}\""),
        );
        return None;
    }
    if let Some(issuer) = endpoint::issuer_of(&url) {
        item.error(
            finding(
                "VST-CLIENT-ISSUER-ENDPOINT",
                "this is the address of an endpoint, not the issuer",
            ),
            format!("write issuer = \"{issuer}\""),
        );
        return None;
    }
    // OIDC Discovery §2: an issuer has no query and no fragment.
    if url.query().is_some() {
        item.error(
            "an issuer has no query",
            "take out everything from the ? on",
        );
        return None;
    }
    let entra_host = url.host_str().is_some_and(is_cloud_host);
    if entra_host && text.ends_with("/v2.0/") {
        let bare = text.trim_end_matches('/');
        item.error(
            finding(
                "VST-CLIENT-ISSUER-SLASH",
                "Entra's v2.0 issuers do not end in a slash",
            ),
            format!("write \"{bare}\""),
        );
        return None;
    }
    if entra_host && url.path().trim_matches('/').is_empty() {
        item.error(
            "this issuer names no tenant",
            format!("write \"https://{}/TENANT-ID/v2.0\"; the id is in Entra under Overview, Directory (tenant) ID", url.host_str().unwrap_or_default()),
        );
        return None;
    }
    if entra_host && !text.ends_with("/v2.0") {
        item.warning(
            finding(
                "VST-SCOPE-V1",
                "this is Entra's v1.0 endpoint, which ignores `scope`: your API gets no token it can read",
            ),
            format!("write \"{}/v2.0\"", text.trim_end_matches('/')),
        );
    }
    Some(text.to_owned())
}

fn placeholder_left(item: &Item<'_>) -> bool {
    let Some(text) = item.as_str() else {
        return false;
    };
    let entra = Url::parse(text)
        .ok()
        .is_some_and(|url| url.host_str().is_some_and(is_known_host));
    let (kind, cure) = if entra {
        (
            ProviderKind::Entra,
            "put your Directory (tenant) ID here, from the portal's Entra ID, Overview",
        )
    } else {
        (
            ProviderKind::Detect,
            "put your own here, as the provider's metadata writes its `issuer`",
        )
    };
    placeholder::is_left(item, text, kind, cure)
}

fn address(item: &Item<'_>) -> Option<Url> {
    let text = item.filled_text()?;
    let url = Url::parse(text).ok().filter(|url| url.host_str().is_some());
    let Some(url) = url.filter(|url| matches!(url.scheme(), "https" | "http")) else {
        item.error("this is not an address", "write it whole, from https:// on");
        return None;
    };
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        item.error(
            "a user name, password or # has no place here",
            "take it out",
        );
        return None;
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        item.error(
            "a provider is only believed over https; http is for localhost",
            format!("write \"https{}\"", text.trim_start_matches("http")),
        );
        return None;
    }
    Some(url)
}

pub(super) fn kind(reader: &Reader<'_>) -> ProviderKind {
    let text = |name| {
        reader
            .item(name)
            .and_then(|item| item.as_str().map(str::to_owned))
    };
    let (issuer, metadata) = (text("issuer"), text("metadata_url"));
    kind_as_written(
        reader.choice("kind"),
        issuer.as_deref(),
        metadata.as_deref(),
    )
}

/// The kind by the texts that are written, be the addresses such as can be used or not: whoever has still to fill in the
/// tenant of `login.microsoftonline.com` means Entra.
pub(super) fn kind_as_written(
    kind: Option<&str>,
    issuer: Option<&str>,
    metadata_url: Option<&str>,
) -> ProviderKind {
    match kind {
        Some("entra") => return ProviderKind::Entra,
        Some("oidc") => return ProviderKind::Oidc,
        _ => {}
    }
    let known = issuer
        .or(metadata_url)
        .and_then(|address| Url::parse(address).ok())
        .is_some_and(|url| url.host_str().is_some_and(is_known_host));
    if known {
        ProviderKind::Entra
    } else {
        ProviderKind::Detect
    }
}

pub(super) fn tenants(
    reader: &Reader<'_>,
    discovery: Option<&Discovery>,
    kind: ProviderKind,
) -> Vec<String> {
    let named = discovery.and_then(tenant_segment);
    let many = named.as_deref().is_some_and(|name| {
        [
            "common",
            "organizations",
            "consumers",
            "{tenantid}",
            PERSONAL_TENANT,
        ]
        .iter()
        .any(|many| many.eq_ignore_ascii_case(name))
    });
    let Some(item) = reader.item("tenants") else {
        if many && kind != ProviderKind::Oidc && kind != ProviderKind::Detect {
            let key = if reader.marks().has("issuer") {
                "issuer"
            } else {
                "metadata_url"
            };
            reader.context.missing(
                reader.marks().of(key),
                reader.key(key),
                finding("VST-TOKEN-ANY-TENANT", match named.as_deref() {
                    Some("organizations") => "`organizations` lets in everybody with a work or school account, of any company",
                    Some("consumers") => "`consumers` lets in everybody with a personal Microsoft account",
                    Some(tenant) if tenant.eq_ignore_ascii_case(PERSONAL_TENANT) => {
                        "this tenant is that of all personal Microsoft accounts: it lets in everybody who has one"
                    }
                    _ => "this lets in everybody with a Microsoft account, of any company or none",
                }),
                match named.as_deref() {
                    Some(name) if name == "consumers" || name.eq_ignore_ascii_case(PERSONAL_TENANT) => format!(
                        "put your tenant's id in its place; or add tenants = [\"{PERSONAL_TENANT}\"], if all of them may sign in, and let \
                         the routes' `require` say who may pass"
                    ),
                    _ => "put your tenant's id in its place, or add tenants = [\"TENANT-ID\", …] with those that may sign in".to_owned(),
                },
            );
        }
        return Vec::new();
    };
    if kind == ProviderKind::Oidc {
        item.error(
            "`tenants` is for Entra only",
            "take it out; use `require` on a route to choose who may pass",
        );
        return Vec::new();
    }
    let items = item.items();
    if items.is_empty() && item.value.get_ref().is_array() {
        item.error(
            "`tenants` is empty, so nobody could sign in",
            "name the tenants that may sign in, by id",
        );
    }
    let mut tenants: Vec<String> = Vec::new();
    for item in items {
        let Some(text) = item.filled_text() else {
            continue;
        };
        let id = text.to_ascii_lowercase();
        if !is_guid(text) {
            let help = if id == "consumers" {
                format!("personal accounts are \"{PERSONAL_TENANT}\"")
            } else {
                "write its Directory (tenant) ID, the GUID in Entra under Overview; tokens carry no domain".to_owned()
            };
            item.error("this is not a tenant's id", help);
        } else if tenants.contains(&id) {
            item.error("this tenant is listed twice", "keep one");
        } else {
            tenants.push(id);
        }
    }
    if let Some(own) = named
        .filter(|name| is_guid(name))
        .map(|name| name.to_ascii_lowercase())
        && !tenants.is_empty()
        && tenants != [own.clone()]
    {
        item.error(
            "the issuer names one tenant, so no other can sign in",
            format!("write `organizations` in the issuer instead of {own}, or take `tenants` out"),
        );
    }
    tenants
}

/// The first segment of the path: an id, a domain, or a word for many.
fn tenant_segment(discovery: &Discovery) -> Option<String> {
    let url = Url::parse(discovery.configured()).ok()?;
    let first = url.path_segments()?.next()?;
    Some(first.replace("%7B", "{").replace("%7D", "}"))
}

pub(super) fn host_of(discovery: &Discovery) -> String {
    let url = Url::parse(discovery.configured()).ok();
    url.and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Hosts whose path is a tenant and perhaps a version.
pub(crate) fn is_cloud_host(host: &str) -> bool {
    [
        "login.microsoftonline.com",
        "login.windows.net",
        "login.microsoft.com",
        "login.microsoftonline.us",
        "login.partner.microsoftonline.cn",
        "login.chinacloudapi.cn",
    ]
    .contains(&host)
}

fn is_known_host(host: &str) -> bool {
    is_cloud_host(host)
        || [
            "sts.windows.net",
            "login.usgovcloudapi.net",
            "login-us.microsoftonline.com",
        ]
        .contains(&host)
        || [".ciamlogin.com", ".b2clogin.com"]
            .iter()
            .any(|suffix| host.ends_with(suffix))
        || [
            "login.sovcloud-identity.fr",
            "login.sovcloud-identity.de",
            "login.sovcloud-identity.sg",
        ]
        .contains(&host)
}

/// Eight, four, four, four and twelve hexadecimal digits.
pub(crate) fn is_guid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}
