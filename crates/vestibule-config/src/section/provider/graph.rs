//! Where Microsoft Graph is, and whose permissions it is asked with.

use url::Url;

use super::GraphPermissions;
use crate::read::Reader;

/// `graph`.
pub(super) fn address(reader: &Reader<'_>) -> Option<Url> {
    let item = reader.item("graph")?;
    let text = item.filled_text()?;
    let help = "write it like \"https://graph.microsoft.com\", without a version";
    let Ok(url) = Url::parse(text) else {
        item.error("`graph` is not an address", help);
        return None;
    };
    let is_local = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && is_local) {
        item.error(
            "`graph` must be https: a person's token travels there",
            help,
        );
        return None;
    }
    let has_more = url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some();
    let last = url.path().trim_end_matches('/').rsplit('/').next();
    if has_more || matches!(last, Some("v1.0" | "beta")) {
        item.error(
            "`graph` is only where Microsoft Graph begins: no version, no query, no user",
            help,
        );
        return None;
    }
    Some(url)
}

/// `graph_permissions`.
pub(super) fn permissions(
    reader: &Reader<'_>,
    has_secret: bool,
    tenants: &[String],
) -> GraphPermissions {
    if reader.choice("graph_permissions") != Some("application") {
        return GraphPermissions::Delegated;
    }
    let Some(item) = reader.item("graph_permissions") else {
        return GraphPermissions::Application;
    };
    if !has_secret {
        item.error(
            "permissions of its own need a `client_secret` to prove who asks",
            "add client_secret, or write \"delegated\"",
        );
    } else if tenants.len() > 1 {
        item.error(
            "permissions of its own are those in one tenant, and there are several",
            "write \"delegated\"",
        );
    }
    GraphPermissions::Application
}
