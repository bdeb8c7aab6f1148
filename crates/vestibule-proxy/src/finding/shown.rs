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

/// The findings as anybody may read them: without addresses that only this machine calls.
pub(crate) fn for_strangers(
    findings: &[Finding],
    provider: Option<&Arc<Provider>>,
) -> Vec<Finding> {
    let hidden = provider.map_or_else(Vec::new, |provider| provider.hidden_hosts());
    let clean = |text: &str| without_hosts(text, &hidden);
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

/// What stands for an address that is not shown.
const UNNAMED_HOST: &str = "HOST";

/// How a port is named beside a host.
const ON_PORT: &str = " on port ";

/// A text without these hosts and without what stands with them: scheme, port, path and query, and the port that the
/// sentence names.
fn without_hosts(text: &str, hosts: &[String]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = next_host(rest, hosts) {
        clean.push_str(before);
        if let Some(front) = clean.strip_suffix("://") {
            let scheme = |char: char| char.is_ascii_alphanumeric() || "+-.".contains(char);
            clean.truncate(front.trim_end_matches(scheme).len());
        }
        clean.push_str(UNNAMED_HOST);
        rest = after_address(after);
        let (quote, behind) = match rest.strip_prefix('`') {
            Some(behind) => ("`", behind),
            None => ("", rest),
        };
        if let Some(port) = behind.strip_prefix(ON_PORT) {
            clean.push_str(quote);
            rest = port.trim_start_matches(|char: char| char.is_ascii_digit());
        }
    }
    clean.push_str(rest);
    clean
}

/// What stands before and behind the first of these hosts that is no part of another word.
fn next_host<'t>(text: &'t str, hosts: &[String]) -> Option<(&'t str, &'t str)> {
    let in_word = |char: char| char.is_alphanumeric() || char == '-';
    let whole = |(at, host): &(usize, &str)| {
        let before = text.get(..*at).unwrap_or_default();
        let behind = text.get(at + host.len()..).unwrap_or_default();
        !before.ends_with(in_word) && !behind.starts_with(in_word)
    };
    let found = hosts
        .iter()
        .filter(|host| !host.is_empty())
        .filter_map(|host| text.match_indices(host.as_str()).find(whole));
    let (at, host) = found.min_by_key(|(at, host)| (*at, std::cmp::Reverse(host.len())))?;
    Some((text.get(..at)?, text.get(at + host.len()..)?))
}

/// What follows the port, the path and the query that a text begins with.
fn after_address(text: &str) -> &str {
    let port = text.strip_prefix(':').and_then(|port| {
        let behind = port.trim_start_matches(|char: char| char.is_ascii_digit());
        (behind.len() < port.len()).then_some(behind)
    });
    let text = port.unwrap_or(text);
    if !text.starts_with(['/', '?', '#']) {
        return text;
    }
    let ends = |char: char| char.is_whitespace() || "`\"'<>(),;".contains(char);
    let end = text.find(ends).unwrap_or(text.len());
    let (address, behind) = text.split_at_checked(end).unwrap_or((text, ""));
    match address.ends_with(['.', ':']) {
        // The end of a sentence.
        true => text.get(end - 1..).unwrap_or_default(),
        false => behind,
    }
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
    fn a_hidden_host_takes_its_scheme_port_and_path_along() {
        let hosts = ["10.0.0.7:8614", "10.0.0.7", "idp"].map(str::to_owned);
        for (text, shown) in [
            (
                "`http://10.0.0.7:8614/internal/.well-known/openid-configuration` answers 404.",
                "`HOST` answers 404.",
            ),
            (
                "Let this machine reach `10.0.0.7` on port 8699.",
                "Let this machine reach `HOST`.",
            ),
            (
                "Let this machine reach idp on port 8699, and 10.0.0.7:80.",
                "Let this machine reach HOST, and HOST.",
            ),
            ("Open http://idp/realms/x?a=b.", "Open HOST."),
            (
                "idp: no answer; then idp:8080/a, idp",
                "HOST: no answer; then HOST, HOST",
            ),
            (
                "the idps of 110.0.0.7 and 10.0.0.71",
                "the idps of 110.0.0.7 and 10.0.0.71",
            ),
            (
                "`https://id.example.com/a` on port 443",
                "`https://id.example.com/a` on port 443",
            ),
        ] {
            assert_eq!(without_hosts(text, &hosts), shown, "{text}");
        }
    }

    #[test]
    fn a_parameter_ends_where_it_should() {
        let hostile = "a\"b\\c\r\nSet-Cookie: x\u{0}é`d`";
        assert_eq!(auth_param(hostile), "a'b/c??Set-Cookie: x??'d'");
        assert_eq!(auth_param(&"x".repeat(4000)).len(), MOST_CHARS);
    }
}
