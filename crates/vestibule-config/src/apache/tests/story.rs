//! The configuration that the program was born from, with the address of the metadata and the closing tag added.

use super::*;
use crate::{AccessToken, HeaderPreset, Require};

const STORY: &str = r#"OIDCProviderMetadataURL https://login.microsoftonline.com/6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41/v2.0/.well-known/openid-configuration
OIDCRedirectURI http://localhost/foo
OIDCClientID 59d7f244-6541-464b-9ea4-6cdba60509b1
OIDCClientSecret s3cret-of-the-story
OIDCCryptoPassphrase passphrase-of-the-story
OIDCScope api://9e59d98b-d747-4a9a-96fd-178f04d08b02

OIDCRemoteUserClaim upn
OIDCPassClaimsAs headers

ProxyPass /foo http://localhost:1234
ProxyPassReverse /rest http://localhost:1234

<Location /foo>
AuthType openid-connect
Require valid-user
</Location>
"#;

#[test]
fn the_story_becomes_a_file_that_says_the_same() {
    let import = read(STORY);
    assert_eq!(stops(&import), []);
    insta::assert_snapshot!("story", import.toml);
    let loaded = settings(&import);
    let set = loaded.settings;
    let provider = &set.providers[0];
    assert_eq!(set.public_urls[0].origin(), "http://localhost");
    assert_eq!(provider.redirect_path.as_deref(), Some("/foo"));
    assert_eq!(
        provider.scopes,
        ["openid", "api://9e59d98b-d747-4a9a-96fd-178f04d08b02"]
    );
    let route = &set.routes[0];
    assert_eq!(
        (route.path.as_str(), route.upstream.url.as_str()),
        ("/foo", "http://localhost:1234/")
    );
    assert_eq!(route.require, Require::SignedIn);
    assert_eq!(route.access_token, Some(AccessToken::SignIn));
    assert_eq!(route.headers.preset, Some(HeaderPreset::ModAuthOpenidc));
    assert_eq!(route.user, ["upn"]);
    assert!(!route.keep_prefix);
    assert_eq!(set.session.idle_timeout.as_secs(), 300);
    assert_eq!(set.session.absolute_timeout.as_secs(), 8 * 3600);
}

#[test]
fn every_directive_of_the_story_has_its_line_in_the_report() {
    let import = read(STORY);
    for (at, line) in STORY.lines().enumerate() {
        let name = line.split_whitespace().next().unwrap_or_default();
        if name.is_empty() || name.starts_with("</") {
            continue;
        }
        let said = import
            .report
            .entries
            .iter()
            .any(|entry| entry.at.line == at + 1);
        assert!(said, "line {} is not in the report: {line}", at + 1);
    }
    let on = |line: usize, word: &str| {
        let entries = import.report.entries.iter();
        let found: Vec<_> = entries.filter(|entry| entry.at.line == line).collect();
        let found = found.iter().any(|entry| {
            entry.outcome == Outcome::Differs
                && format!("{} {:?}", entry.says, entry.help).contains(word)
        });
        assert!(found, "line {line}, {word}: {:#?}", import.report.entries);
    };
    on(6, "`openid` is added");
    on(8, "preferred_username");
    on(12, "nothing is proxied at /rest");
}

#[test]
fn no_secret_is_in_the_file_or_the_report() {
    let import = read(STORY);
    let shown = format!("{}{import:?}", import.toml);
    for secret in ["s3cret-of-the-story", "passphrase-of-the-story"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(import.secrets[0].value.expose(), "s3cret-of-the-story");
}

#[test]
fn without_the_metadata_url_or_the_closing_tag_it_stops_and_says_where() {
    let without_url: String = STORY
        .lines()
        .skip(1)
        .map(|line| format!("{line}\n"))
        .collect();
    let found = stops(&read(&without_url));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.contains("OIDCProviderMetadataURL"), "{found:?}");
    let without_tag = STORY.replace("</Location>\n", "");
    let found = stops(&read(&without_tag));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, 14);
    assert!(found[0].1.contains("closing tag is missing"), "{found:?}");
}
