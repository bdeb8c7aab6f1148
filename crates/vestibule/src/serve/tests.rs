use std::path::Path;

use vestibule_config::{Environment, SecretError, SecretFile, SecretSource};
use vestibule_session::seal::{KeyRing, NONCE_BYTES, Purpose, SealingKey};
use zeroize::Zeroizing;

use super::*;

/// Has a key for every name, another for each.
struct Named;

impl SecretSource for Named {
    fn variable(&self, name: &str) -> Result<Zeroizing<String>, SecretError> {
        let bytes = std::array::from_fn(|at| {
            let letter = name.as_bytes().get(at).copied().unwrap_or_default();
            letter.wrapping_add(u8::try_from(at).unwrap())
        });
        Ok(Zeroizing::new(SealingKey::text_of(&bytes).to_string()))
    }

    fn file(&self, _: &Path) -> Result<SecretFile, SecretError> {
        Err(SecretError::Missing)
    }
}

/// Settings of a proxy on a free port whose provider can't be reached.
fn settings(sections: &str) -> Settings {
    let text = format!(
        r#"
        public_url = "http://localhost:8080"
        listen     = "127.0.0.1:0"
        threads    = 1
        [provider]
        issuer        = "http://127.0.0.1:1"
        client_id     = "portal"
        client_secret = "env:SECRET"
        [[route]]
        path     = "/foo"
        upstream = "http://127.0.0.1:1"
        {sections}
        "#
    );
    let environment = Environment::new(&Named, "/nowhere", "/nowhere");
    vestibule_config::parse(&text, &environment)
        .unwrap_or_else(|problems| panic!("{problems}"))
        .settings
}

fn session(store: &str, key: &str) -> Settings {
    settings(&format!(
        "[session]\nstore = \"{store}\"\nkeys = [\"env:{key}\"]"
    ))
}

#[test]
fn another_admin_secret_or_host_is_said_to_need_a_restart() {
    let admin = |more: &str| settings(&format!("[admin]\nlisten = \"127.0.0.1:9090\"\n{more}"));
    let before = admin("secret = \"env:OLD\"");
    for (after, expected) in [
        (admin("secret = \"env:OLD\""), &[][..]),
        (admin("secret = \"env:NEW\""), &["admin"]),
        (admin(""), &["admin"]),
        (
            admin("secret = \"env:OLD\"\nsessions_secret = \"env:PAGE\""),
            &["admin"],
        ),
        (
            admin("secret = \"env:OLD\"\nhosts = [\"metrics.example\"]"),
            &["admin"],
        ),
        (settings(""), &["admin"]),
    ] {
        assert_eq!(needs_restart(&before, &after), expected);
    }
}

#[test]
fn the_keys_change_with_a_reload_unless_they_are_those_of_another_store() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| format!("file:{}", folder.path().join(name).display());
    let runtime = vestibule_proxy::server::control_runtime().unwrap();
    let served = Served::start(&session(&file("one"), "FIRST"), runtime.handle()).unwrap();
    let keys = || served.shared.plan.load().keys.clone();
    let seal = |keys: &KeyRing| {
        keys.seal(Purpose::Record, &[], b"x", [1; NONCE_BYTES])
            .unwrap()
    };
    let opens = |keys: &KeyRing, sealed: &[u8]| keys.open(Purpose::Record, &[], sealed).is_ok();
    let first = seal(&keys());

    // Twice: what is in force is what counts, and not what was asked for last.
    for _ in 0..2 {
        served.reload(&session(&file("two"), "SECOND")).unwrap();
        assert!(opens(&keys(), &first));
    }
    served.reload(&session("memory", "SECOND")).unwrap();
    assert!(opens(&keys(), &first));

    served.reload(&session(&file("one"), "SECOND")).unwrap();
    assert!(!opens(&keys(), &first));
    served.stop(runtime.handle());
}
