//! `[outbound]`: how calls to providers leave this machine.

use std::path::PathBuf;

use url::Url;

use crate::describe::{Change, Fallback, Key, Kind, Section};
use crate::environment::SecretText;
use crate::read::Reader;

pub(crate) static OUTBOUND: Section = Section {
    name: "outbound",
    heading: "[outbound]",
    doc: "For networks where the provider is reached only through a proxy, or where TLS is inspected on the way. \
          Calls to upstreams are not affected.",
    open: None,
    keys: &[
        Key {
            name: "proxy",
            kind: Kind::Either(&[
                Kind::Text("an address like \"http://proxy.example.com:3128\""),
                Kind::Secret,
            ]),
            fallback: Fallback::Unset("providers are called directly; `HTTPS_PROXY` is not read"),
            change: Change::Reload,
            doc: "The HTTP proxy for provider calls. A provider on this machine itself (`localhost`, `127.0.0.0/8`, `::1`) is called without it. One that needs a password is given whole as `\"env:NAME\"` or `\"file:PATH\"`.",
        },
        Key {
            name: "ca_bundle",
            kind: Kind::Path,
            fallback: Fallback::Unset("the system's CAs are trusted"),
            change: Change::Reload,
            doc: "A PEM file of CAs that provider calls trust besides the system's.",
        },
    ],
};

/// How calls to providers leave this machine. Changes take effect on reload.
#[derive(Debug, Clone, Default)]
pub struct OutboundSettings {
    /// An `http://` address, perhaps with a password in it.
    pub proxy: Option<SecretText>,
    /// PEM, trusted besides the system's CAs.
    pub ca_bundle: Option<PathBuf>,
}

pub(crate) fn read(root: &Reader<'_>) -> OutboundSettings {
    let Some(reader) = root.table("outbound") else {
        return OutboundSettings::default();
    };
    OutboundSettings {
        proxy: proxy(&reader),
        ca_bundle: reader.certificates("ca_bundle"),
    }
}

fn proxy(reader: &Reader<'_>) -> Option<SecretText> {
    let item = reader.item("proxy")?;
    let text = item.filled_text()?;
    let referenced = text.starts_with("env:") || text.starts_with("file:");
    let proxy = if referenced {
        item.secret_or("http://proxy.invalid:3128")?
    } else {
        SecretText::new(text)
    };
    let Some(url) = Url::parse(proxy.expose())
        .ok()
        .filter(|url| url.host_str().is_some())
    else {
        item.error(
            "this is not the address of a proxy",
            "write it like \"http://proxy.example.com:3128\"",
        );
        return None;
    };
    if url.scheme() != "http" {
        item.error(
            format!("a proxy spoken to over {} is not supported", url.scheme()),
            "write http://; what goes through it is encrypted all the same",
        );
        return None;
    }
    if !referenced && url.password().is_some() {
        item.context.hide(item.span());
        item.error(
            "a secret stands in the file itself",
            "write \"env:VESTIBULE_PROXY\" and put the whole address there; treat this password as known to others",
        );
        return None;
    }
    Some(proxy)
}
