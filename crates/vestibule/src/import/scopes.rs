//! `OIDCScope` as several findings would have it, in one line that can be copied.

use vestibule_diagnosis::{Change, Finding, Place};

const NAME: &str = "OIDCScope";

/// Whether a change is to `OIDCScope`.
pub(super) fn is_of(change: &Change) -> bool {
    change.place == Place::Apache && change.name.eq_ignore_ascii_case(NAME)
}

/// The lines a finding has for it.
pub(super) fn lines(finding: &Finding) -> impl Iterator<Item = &str> {
    let changes = finding.change.iter().filter(|change| is_of(change));
    changes.filter_map(|change| change.line.as_deref())
}

/// One line with all of their scopes, if there are several: `openid` first, and an API that one of them names without a
/// scope by the scope that another does.
pub(super) fn together(lines: &[&str]) -> Option<String> {
    if lines.len() < 2 {
        return None;
    }
    let mut scopes: Vec<&str> = Vec::new();
    for line in lines {
        let rest = line.strip_prefix(NAME)?.trim();
        let rest = rest.trim_matches('"');
        for scope in rest.split_ascii_whitespace() {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
    }
    let all = scopes.clone();
    scopes.retain(|scope| {
        let is_begun = |other: &&str| {
            let rest = other.strip_prefix(scope);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        !scope.contains("://") || !all.iter().any(is_begun)
    });
    scopes.sort_by_key(|scope| (scope.contains("://"), *scope != "openid"));
    Some(format!("{NAME} \"{}\"", scopes.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_findings_ask_for_is_one_line() {
        let lines = [
            "OIDCScope \"api://a openid\"",
            "OIDCScope \"openid profile offline_access api://a/.default\"",
            "OIDCScope \"openid api://a offline_access\"",
        ];
        assert_eq!(
            together(&lines).as_deref(),
            Some("OIDCScope \"openid profile offline_access api://a/.default\"")
        );
        assert_eq!(together(&lines[..1]), None);
        assert_eq!(
            together(&[
                "OIDCScope openid",
                "OIDCScope \"openid api://b api://bc/x\""
            ])
            .as_deref(),
            Some("OIDCScope \"openid api://b api://bc/x\"")
        );
    }
}
