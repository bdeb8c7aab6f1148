//! What Apache leaves unchecked: here it is checked, and where somebody may need it otherwise the key that begins with
//! `danger_` is named. None is ever written.

use url::Url;

use super::{Draft, is_on};
use crate::apache::expand::{Item, Line};
use crate::apache::report::Ledger;
use crate::apache::site::Site;
use crate::apache::write::list;
use crate::section::provider::{is_cloud_host, is_guid};

pub(super) fn map(site: &Site<'_>, draft: &mut Draft, ledger: &mut Ledger) {
    match site.setting(ledger, "OIDCPKCEMethod") {
        Some(line) if line.word(0) == "S256" => ledger.became(line, "the same, always: S256"),
        Some(line) => ledger.differs(
            line,
            "PKCE with S256, always",
            "a provider that does not know PKCE ignores it; if this one refuses sign-ins for it, danger_no_pkce = true \
             in [provider] leaves it out",
        ),
        None => {}
    }
    if let Some(line) = site.setting(ledger, "OIDCSSLValidateServer") {
        match is_on(line) {
            Some(true) => ledger.became(line, "the same, always"),
            _ => ledger.differs(
                line,
                "the provider's certificate is verified: whoever stands in between could sign in as anybody",
                "name its CA in [outbound] ca_bundle, if it is one of your own; in a lab danger_provider_insecure = true \
                 in [provider] is what Apache did",
            ),
        }
    }
    if let Some(line) = site.setting(ledger, "OIDCXForwardedHeaders") {
        ledger.differs(
            line,
            "nobody's X-Forwarded-* are believed, where Apache believes everybody's; scheme and host are those of public_url",
            "if client addresses matter, in rules, in the log or to the app, name the proxies in front in trusted_proxies; where they \
             have no addresses to name, danger_any_forwarder = true believes everybody as Apache did",
        );
    }
    issuer(site, draft, ledger);
}

/// `OIDCValidateIssuer Off` is how Apache takes people of several Entra tenants. Whose, its rules on `tid` say.
fn issuer(site: &Site<'_>, draft: &mut Draft, ledger: &mut Ledger) {
    let line = site.setting(ledger, "OIDCValidateIssuer");
    if let Some(line) = line.filter(|line| is_on(line) == Some(true)) {
        ledger.became(line, "the same, always");
        return;
    }
    let metadata = site.last("OIDCProviderMetadataURL");
    let many = metadata.filter(|line| is_of_many_tenants(line.word(0)));
    let Some(metadata) = many else {
        if let Some(line) = line {
            ledger.differs(
                line,
                "the issuer is checked: without that everybody who runs a provider could sign in as anybody",
                "if ID tokens have another issuer than the metadata, write that one in OIDCProviderIssuer",
            );
        }
        return;
    };
    let tenants = tenants(site);
    let at = line.unwrap_or(metadata);
    if tenants.is_empty() {
        ledger.stop(
            at,
            "everybody with a Microsoft account could sign in, of any company or none, and no rule says whose people may",
            "write the id of your tenant in the metadata's address; or, if people of several may sign in, Require claim tid:TENANT-ID for each",
        );
        return;
    }
    let value = list(&tenants);
    ledger.differs(
        at,
        format!(
            "provider.tenants = {value}, which the rules on tid name: people of other tenants can't sign in at all, on no path"
        ),
        "add the others there, if some path is for everybody",
    );
    draft.provider.put("tenants", value, Some(&at.at));
}

/// `…/common/v2.0/.well-known/openid-configuration` of Entra, and its like.
fn is_of_many_tenants(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    let first = url.path_segments().and_then(|mut all| all.next());
    let many = ["common", "organizations", "consumers"];
    url.host_str().is_some_and(is_cloud_host)
        && first.is_some_and(|name| many.iter().any(|word| word.eq_ignore_ascii_case(name)))
}

/// The tenants that `Require claim tid:ID` lets in.
fn tenants(site: &Site<'_>) -> Vec<String> {
    fn of_line(line: &Line, found: &mut Vec<String>) {
        if !line.is("Require") || !line.word(0).eq_ignore_ascii_case("claim") {
            return;
        }
        let ids = line.words.iter().skip(1);
        for id in ids.filter_map(|spec| spec.strip_prefix("tid:")) {
            let id = id.to_ascii_lowercase();
            if is_guid(&id) && !found.contains(&id) {
                found.push(id);
            }
        }
    }
    fn below(items: &[Item], found: &mut Vec<String>) {
        for item in items {
            match item {
                Item::Line(line) => of_line(line, found),
                // Those of whom nobody may pass.
                Item::Section(section) if section.is("RequireNone") => {}
                Item::Section(section) => below(&section.children, found),
            }
        }
    }
    let mut found = Vec::new();
    for section in &site.sections {
        below(&section.children, &mut found);
    }
    found
}
