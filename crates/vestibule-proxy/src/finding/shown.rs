//! Decides what of a finding a stranger may read. The log has all of it.

use std::sync::Arc;

use vestibule_diagnosis::{Change, Finding, catalogue};

use crate::provider::Provider;

/// So many are shown: one is usual.
const MOST: usize = 3;

/// Findings that name who else may sign in here, or what is between us and the provider.
const NOT_FOR_STRANGERS: [&str; 2] = ["VST-TOKEN-TENANT", "VST-OUTBOUND-PROXY"];

/// A line that says where on this machine the client secret is.
const SECRET_PLACE: &str = "client_secret =";

/// The longest text of a `WWW-Authenticate` parameter.
const MOST_CHARS: usize = 300;

/// The findings as anybody may read them: without hosts that only this machine calls.
pub(crate) fn for_strangers(
    findings: &[Finding],
    provider: Option<&Arc<Provider>>,
) -> Vec<Finding> {
    let hidden = provider.map_or_else(Vec::new, |provider| provider.hidden_hosts());
    let clean = |text: &str| {
        hidden.iter().fold(text.to_owned(), |text, host| {
            text.replace(host.as_str(), "HOST")
        })
    };
    let of = |finding: &Finding| {
        if let (true, Some(row)) = (
            NOT_FOR_STRANGERS.contains(&finding.code),
            catalogue::row(finding.code),
        ) {
            return Finding {
                seen: row.symptom.to_owned(),
                why: row.cause.to_owned(),
                change: Vec::new(),
                ..finding.clone()
            };
        }
        let change = |change: &Change| Change {
            place: change.place,
            name: clean(&change.name),
            text: clean(&change.text),
            line: change
                .line
                .as_deref()
                .filter(|line| !line.starts_with(SECRET_PLACE))
                .map(clean),
        };
        Finding {
            seen: clean(&finding.seen),
            why: clean(&finding.why),
            change: finding.change.iter().map(change).collect(),
            ..finding.clone()
        }
    };
    findings.iter().take(MOST).map(of).collect()
}

/// A text as the value of `error_description`: only characters that RFC 6750 §3 allows there, so that it ends where it
/// should.
pub(crate) fn auth_param(text: &str) -> String {
    let char = |char| match char {
        '"' | '`' => '\'',
        '\\' => '/',
        ' '..='~' => char,
        _ => '?',
    };
    text.chars().take(MOST_CHARS).map(char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_secret_is_strangers_are_not_told() {
        let mut seen =
            vestibule_diagnosis::Evidence::of_text("AADSTS7000215: Invalid client secret");
        let mut settings = vestibule_diagnosis::evidence::Settings::default();
        let mut provider = vestibule_diagnosis::evidence::ProviderSettings::default();
        provider.secret_from = Some("file:/run/portal-secret".to_owned());
        settings.provider = Some(provider);
        seen.settings = Some(settings);
        let findings = vestibule_diagnosis::diagnose(&seen);
        let line = "client_secret = \"file:/run/portal-secret\"";
        let logged: Vec<_> = findings
            .iter()
            .flat_map(|finding| &finding.change)
            .collect();
        assert!(
            logged
                .iter()
                .any(|change| change.line.as_deref() == Some(line)),
            "{logged:?}"
        );
        let shown = for_strangers(&findings, None);
        assert_eq!(shown.len(), findings.len());
        assert!(!format!("{shown:?}").contains("portal-secret"), "{shown:?}");
    }

    #[test]
    fn a_parameter_ends_where_it_should() {
        let hostile = "a\"b\\c\r\nSet-Cookie: x\u{0}é`d`";
        assert_eq!(auth_param(hostile), "a'b/c??Set-Cookie: x??'d'");
        assert_eq!(auth_param(&"x".repeat(4000)).len(), MOST_CHARS);
    }
}
