//! Whatever the text: an end, no panic, and no route that is open without a word for it.

use proptest::prelude::*;

use super::*;
use crate::Require;

const WHOLE: &str = r#"Define HOST localhost
ServerName ${HOST}
OIDCProviderMetadataURL https://id.example.com/.well-known/openid-configuration
OIDCRedirectURI "http://${HOST}:8080/oidc/callback"
OIDCClientID portal
OIDCClientSecret "s3cret \" value"
OIDCCryptoPassphrase exec:/bin/false
OIDCScope "openid profile"
OIDCRemoteUserClaim upn
OIDCPassClaimsAs headers \
    latin1
<IfModule mod_proxy.c>
ProxyPass /foo http://localhost:1234 timeout=20
ProxyPass / http://localhost:1235/
</IfModule>
<Location />
AuthType openid-connect
Require valid-user
</Location>
<Location /foo>
<RequireAll>
Require claim groups:staff
Require not ip 10.0.0.0/8
</RequireAll>
</Location>
"#;

/// An import ends with a stop that has a line, or with settings; and no route of them is open.
fn holds(text: &str, may_be_open: bool) {
    let import = read(text);
    if import.report.stops() {
        assert!(import.report.entries.iter().all(|entry| entry.at.line >= 1));
        return;
    }
    let mut secrets = FixedSecrets::new();
    for secret in &import.secrets {
        secrets = secrets.variable(&secret.variable, secret.value.expose());
    }
    let environment = Environment::new(&secrets, "/etc/vestibule", "/var/lib/vestibule");
    if let Ok(loaded) = crate::parse(&import.toml, &environment) {
        let mut routes = loaded.settings.routes.iter();
        let open = routes.any(|route| route.require == Require::Public);
        assert!(may_be_open || !open, "{text}\n{}", import.toml);
    }
}

#[test]
fn the_whole_can_be_imported() {
    let import = read(WHOLE);
    assert_eq!(stops(&import), []);
    assert_eq!(settings(&import).settings.routes.len(), 2);
}

#[test]
fn a_file_that_is_cut_anywhere_opens_nothing() {
    for end in 0..WHOLE.len() {
        if let Some(text) = WHOLE.get(..end) {
            holds(text, false);
        }
    }
}

#[test]
fn a_file_without_any_one_of_its_lines_opens_nothing() {
    let lines: Vec<&str> = WHOLE.lines().collect();
    for left_out in 0..lines.len() {
        let kept = lines.iter().enumerate().filter(|(at, _)| *at != left_out);
        let text: String = kept.map(|(_, line)| format!("{line}\n")).collect();
        holds(&text, false);
    }
}

proptest! {
    #[test]
    fn bytes_in_the_middle_open_nothing(at in 0..WHOLE.len(), bytes in proptest::collection::vec(any::<u8>(), 1..12)) {
        let mut text = WHOLE.as_bytes().to_vec();
        for (offset, byte) in bytes.into_iter().enumerate() {
            if let Some(slot) = text.get_mut(at + offset) {
                *slot = byte;
            }
        }
        holds(&String::from_utf8_lossy(&text), false);
    }

    #[test]
    fn any_text_ends(text in "([<>/\"'\\\\ \n${}#~^*!:]|Location|Require|OIDCScope|ProxyPass|Include|all granted|IfModule|[a-z]){0,60}") {
        holds(&text, true);
    }
}
