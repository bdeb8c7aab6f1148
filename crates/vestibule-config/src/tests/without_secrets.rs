//! A file is checked on a machine that has none of its secrets.

use std::path::Path;

use zeroize::Zeroizing;

use super::{environment, files};
use crate::{
    Environment, Loaded, Problems, SealingKeySource, SecretError, SecretFile, SecretSource,
    Severity, TlsKey, parse,
};

/// A machine on which nothing is there.
#[derive(Debug)]
struct Bare;

impl SecretSource for Bare {
    fn variable(&self, _name: &str) -> Result<Zeroizing<String>, SecretError> {
        Err(SecretError::Missing)
    }

    fn file(&self, _path: &Path) -> Result<SecretFile, SecretError> {
        Err(SecretError::Missing)
    }

    fn certificates(&self, _path: &Path) -> Result<Option<Vec<u8>>, SecretError> {
        Err(SecretError::Missing)
    }

    fn folder(&self, _path: &Path) -> Result<(), SecretError> {
        Err(SecretError::Missing)
    }
}

fn bare() -> Environment<'static> {
    Environment::new(&Bare, "/etc/vestibule", "/var/lib/vestibule")
}

fn read_bare(text: &str) -> Result<Loaded, Problems> {
    parse(text, &bare().without_secrets())
}

#[test]
fn every_published_file_can_be_checked_where_its_secrets_are_not() {
    for folder in ["examples", "testdata/config/good"] {
        for (name, text) in files(folder) {
            let loaded = read_bare(&text).unwrap_or_else(|problems| panic!("{name}:\n{problems}"));
            for warning in &loaded.warnings {
                assert!(
                    warning.message.ends_with("is not there"),
                    "{name}: {warning:?}"
                );
            }
        }
    }
}

#[test]
fn what_is_absent_is_a_warning_only_when_asked_for() {
    let (_, text) = files("testdata/config/good")
        .into_iter()
        .find(|(name, _)| name == "everything")
        .unwrap();
    let keys = |problems: &Problems, severity| {
        let mut keys: Vec<String> = problems
            .iter()
            .filter(|problem| problem.severity == severity)
            .map(|problem| problem.key.clone())
            .collect();
        keys.sort();
        keys
    };
    let loaded = read_bare(&text).unwrap();
    let absent = [
        "admin.secret",
        "admin.sessions_secret",
        "outbound.ca_bundle",
        "pages.templates",
        "provider.staff.client_secret",
        "route.upstream_ca",
        "session.keys",
        "tls.certificate",
        "tls.key",
    ];
    assert_eq!(keys(&loaded.warnings, Severity::Warning), absent);
    assert_eq!(
        keys(&parse(&text, &bare()).unwrap_err(), Severity::Error),
        absent
    );

    assert!(matches!(loaded.settings.tls.unwrap().key, TlsKey::File(_)));
    let [_, SealingKeySource::Variable { content, .. }] = loaded.settings.session.keys.as_slice()
    else {
        panic!()
    };
    assert!(!content.expose().is_empty());
}

#[test]
fn each_kind_of_secret_has_a_stand_in_that_fits() {
    let loaded = read_bare(
        "public_url = \"https://portal.example.com\"\nlisten = \"127.0.0.1:8080\"\n\
         tls = { certificate = \"cert.pem\", key = \"env:KEY\" }\n\
         [session]\nstore = \"memory\"\nkeys = [\"file:key\"]\n\
         [outbound]\nproxy = \"env:PROXY\"\n\
         [[route]]\npath = \"/\"\nupstream = \"http://localhost:1\"\nrequire = \"public\"\n",
    )
    .unwrap();
    assert_eq!(loaded.warnings.iter().count(), 4, "{}", loaded.warnings);
    assert!(loaded.settings.outbound.proxy.is_some());
}

#[test]
fn what_is_there_is_judged_as_ever() {
    for name in [
        "secret-literal",
        "secret-empty",
        "secret-file-world-readable",
        "tls-key-encrypted",
        "tls-certificate-is-key",
        "session-key-password",
    ] {
        let (_, text) = files("testdata/config/bad")
            .into_iter()
            .find(|(known, _)| known == name)
            .unwrap();
        let problems = parse(&text, &environment().without_secrets()).unwrap_err();
        assert!(problems.has_errors(), "{name}");
    }
}
