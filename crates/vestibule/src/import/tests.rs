//! What the command prints and writes.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

const STORY: &str = "OIDCProviderMetadataURL https://login.microsoftonline.com/6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41/v2.0/.well-known/openid-configuration
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
";

fn imported(folder: &Path, text: &str) -> Imported {
    let file = folder.join("site.conf");
    std::fs::write(&file, text).unwrap();
    Imported::of(&file, &ImportOptions::default(), Secrets::Absent)
}

#[test]
fn the_report_of_the_story_names_each_of_its_faults_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let imported = imported(folder.path(), STORY);
    assert!(imported.settings().is_some(), "{}", page::of(&imported));
    let line_of = |code: &str| {
        let found = imported
            .findings
            .iter()
            .find(|found| found.finding.code == code);
        let found = found.unwrap_or_else(|| panic!("{code} is missing: {}", page::of(&imported)));
        (found.at.as_ref().map(|at| at.line), found.is_cured)
    };
    assert_eq!(line_of("VST-SCOPE-NO-OPENID"), (Some(6), true));
    assert_eq!(line_of("VST-SCOPE-NO-NAME"), (Some(6), false));
    assert_eq!(line_of("VST-REDIRECT-IS-PAGE"), (Some(2), false));
    assert_eq!(line_of("VST-FRONT-REVERSE-PATH"), (Some(12), true));
    let errors = imported.findings.iter().filter(|found| !found.is_cured);
    let errors: Vec<_> = errors
        .filter(|found| found.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let page = page::of(&imported).replace(&folder.path().display().to_string(), "/etc/apache2");
    insta::assert_snapshot!("story", page);
}

#[test]
fn json_says_what_the_page_says() {
    let folder = tempfile::tempdir().unwrap();
    let imported = imported(folder.path(), STORY);
    let value: serde_json::Value = serde_json::from_str(&json::of(&imported)).unwrap();
    assert_eq!(value["stopped"], false);
    assert!(value["toml"].as_str().unwrap().contains("redirect_path"));
    let entries = value["entries"].as_array().unwrap();
    assert!(
        entries
            .iter()
            .any(|entry| entry["line"] == 6 && entry["outcome"] == "differs")
    );
    assert!(!value.to_string().contains("s3cret-of-the-story"));
}

#[test]
fn what_is_written_can_be_read_by_its_owner_alone_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.conf");
    std::fs::write(&file, STORY).unwrap();
    let options = ImportOptions {
        secrets: SecretForm::Files,
        ..ImportOptions::default()
    };
    let imported = Imported::of(&file, &options, Secrets::Needed);
    let path = folder.path().join("vestibule.toml");
    keep::write(&path, &imported.import).unwrap();
    let secret = folder.path().join("client-secret");
    let mode = std::fs::metadata(&secret).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        std::fs::read_to_string(&secret).unwrap(),
        "s3cret-of-the-story"
    );
    let (settings, _) = crate::load::file(&path, Secrets::Needed).unwrap();
    assert_eq!(
        settings.routes.len(),
        imported.settings().unwrap().routes.len()
    );
    let refused = keep::write(&path, &imported.import)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("is there already"), "{refused}");
}

#[test]
fn a_file_with_the_text_of_a_header_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("RequestHeader set X-Api-Key k3y\n{STORY}");
    let imported = imported(folder.path(), &text);
    let path = folder.path().join("vestibule.toml");
    keep::write(&path, &imported.import).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_stops_is_told_with_its_line_and_nothing_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let open = STORY.replace("</Location>\n", "");
    let imported = imported(folder.path(), &open);
    assert!(imported.settings().is_none());
    let page = page::of(&imported);
    assert!(
        page.contains("closing tag is missing") && page.contains("  14"),
        "{page}"
    );
}

#[test]
fn sessions_that_browsers_carry_get_a_key_beside_the_file_and_no_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.conf");
    std::fs::write(&file, format!("OIDCSessionType client-cookie\n{STORY}")).unwrap();
    let options = ImportOptions {
        secrets: SecretForm::Files,
        new_key: Some(NewKey::from_entropy([0xa5; 32])),
        ..ImportOptions::default()
    };
    assert!(!format!("{options:?}").contains("165"));
    let imported = Imported::of(&file, &options, Secrets::Needed);
    let settings = imported.settings().unwrap();
    assert_eq!(
        settings.session.store,
        vestibule_config::StoreSettings::Cookie
    );
    let key = "a5".repeat(32);
    let shown = format!("{}{}", page::of(&imported), json::of(&imported));
    assert!(!shown.contains(&key) && !imported.import.toml.contains(&key));
    keep::write(&folder.path().join("vestibule.toml"), &imported.import).unwrap();
    let written = folder.path().join("session-key");
    assert_eq!(std::fs::read_to_string(&written).unwrap(), key);
    let mode = std::fs::metadata(&written).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // Nothing is written beside a file that runs as it stands, nor may a form be lost.
    for (text, key) in [
        (String::new(), None),
        ("OIDCPreservePost On\n".to_owned(), options.new_key),
    ] {
        std::fs::write(
            &file,
            format!("OIDCSessionType client-cookie\n{text}{STORY}"),
        )
        .unwrap();
        let options = ImportOptions {
            new_key: key,
            ..options
        };
        let imported = Imported::of(&file, &options, Secrets::Needed);
        let settings = imported.settings().unwrap();
        let store = &settings.session.store;
        assert!(
            matches!(store, vestibule_config::StoreSettings::File(_)),
            "{store:?}"
        );
    }
}

#[test]
fn what_is_lost_for_one_reason_is_told_once_and_what_stops_again_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let lines = "LogLevel warn\nErrorLog a\nErrorLog b\nOIDCRequestObject {}\n";
    let imported = imported(folder.path(), &format!("{lines}{STORY}"));
    let page = page::of(&imported);
    let told = page.lines().filter(|line| line.contains("logs are set"));
    assert_eq!(told.count(), 1, "{page}");
    assert!(page.contains(" 1-3  LogLevel, ErrorLog\n"), "{page}");
    let end = page.split("Stopped at 1 place").nth(1).unwrap();
    assert!(end.contains("site.conf:4 OIDCRequestObject"), "{page}");
}

#[test]
fn what_is_warned_of_for_several_routes_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let text = STORY
        .replace(
            "login.microsoftonline.com/6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41/v2.0",
            "id.example.com",
        )
        .replace("upn", "preferred_username");
    let inner = "<Location /foo/inner>\nRequire claim groups:staff\n</Location>\n";
    let imported = imported(folder.path(), &format!("{text}{inner}"));
    assert_eq!(imported.settings().unwrap().routes.len(), 2);
    let page = page::of(&imported);
    assert_eq!(
        page.matches("can change, and can come").count(),
        1,
        "{page}"
    );
}

#[test]
fn one_warning_about_every_host_is_told_once_and_beside_a_line_of_apaches() {
    let folder = tempfile::tempdir().unwrap();
    let shared = STORY.lines().take(9).map(|line| match line {
        line if line.starts_with("OIDCRedirectURI") => "OIDCRedirectURI /oidc/callback",
        line if line.starts_with("OIDCScope") => "OIDCScope \"openid profile\"",
        line => line,
    });
    let shared: Vec<&str> = shared
        .filter(|line| !line.starts_with("OIDCPassClaimsAs"))
        .collect();
    let host = |name: &str| {
        format!(
            "<VirtualHost *:443>\nServerName {name}.example.com\nProxyPass / http://localhost:1234/\n\
             <Location />\nAuthType openid-connect\nRequire valid-user\n</Location>\n</VirtualHost>\n"
        )
    };
    let text = format!("{}\n{}{}", shared.join("\n"), host("a"), host("b"));
    let imported = imported(folder.path(), &text);
    assert!(imported.settings().is_some(), "{}", page::of(&imported));
    let page = page::of(&imported);
    assert!(!page.contains("vestibule.toml, line"), "{page}");
}

#[test]
fn a_finding_stands_at_the_line_of_the_route_it_is_about() {
    let folder = tempfile::tempdir().unwrap();
    let inner = "<Location /foo/inner>\nRequire claim groups:staff\n</Location>\n";
    let imported = imported(folder.path(), &format!("{STORY}{inner}"));
    let found = imported
        .findings
        .iter()
        .find(|found| found.finding.code == "VST-TOKEN-GROUP-NAMES")
        .unwrap_or_else(|| panic!("{}", page::of(&imported)));
    let line = 1 + STORY.lines().count() + 1;
    assert_eq!(found.at.as_ref().map(|at| at.line), Some(line));
}

#[test]
fn a_missing_key_is_told_beside_the_line_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = STORY.replace("http://localhost/foo", "https://portal.example.com/foo");
    let tls =
        "SSLEngine on\nSSLCertificateFile /none/cert.pem\nSSLCertificateKeyFile /none/key.pem\n";
    let file = folder.path().join("site.conf");
    std::fs::write(&file, format!("{tls}{text}")).unwrap();
    let imported = Imported::of(&file, &ImportOptions::default(), Secrets::Needed);
    let at = |says: &str| {
        let mut problems = imported.problems().into_iter().flatten();
        let problem = problems.find(|problem| problem.message.contains(says));
        imported.origin(problem.unwrap()).map(|at| at.line)
    };
    assert_eq!(at("/none/cert.pem"), Some(2));
    assert_eq!(at("/none/key.pem"), Some(3));
}

#[test]
fn what_the_program_holds_itself_is_left_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.conf");
    std::fs::write(&file, STORY).unwrap();
    for (secrets, told) in [(SecretForm::Held, false), (SecretForm::Variables, true)] {
        let options = ImportOptions {
            secrets,
            ..ImportOptions::default()
        };
        let imported = Imported::of(&file, &options, Secrets::Needed);
        assert!(imported.settings().is_some());
        assert_eq!(
            page::of(&imported).contains("set the environment variable"),
            told
        );
    }
}
