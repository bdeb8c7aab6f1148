//! What the commands print and how they end.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

fn run_to_end(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vestibule"))
        .args(arguments)
        .output()
        .unwrap()
}

/// A port that was free a moment ago.
fn free_port() -> String {
    TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
        .to_string()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_command_has_help_with_an_example() {
    for command in [
        "run", "demo", "check", "doctor", "explain", "idp", "sessions",
    ] {
        let output = run_to_end(&[command, "--help"]);
        assert!(output.status.success(), "{command}");
        let help = text(&output.stdout);
        assert!(
            help.contains("Example") && help.contains(&format!("vestibule {command}")),
            "{help}"
        );
    }
}

#[test]
fn an_invalid_configuration_ends_with_1_and_names_every_mistake() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("vestibule.toml");
    std::fs::write(
        &file,
        "public_ulr = \"https://portal.example.com\"\nlisten = 8080\n",
    )
    .unwrap();
    for command in ["check", "run"] {
        let output = run_to_end(&[command, "--config", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{command}");
        let said = text(&output.stderr) + &text(&output.stdout);
        for expected in ["public_url", ":1:1", ":2:", "listen"] {
            assert!(
                said.contains(expected),
                "{command} does not say {expected}:\n{said}"
            );
        }
    }
}

#[test]
fn a_configuration_that_is_not_there_ends_with_2() {
    let output = run_to_end(&["check", "--config", "nowhere.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("nowhere.toml"));
}

#[test]
fn a_taken_port_is_an_error_that_names_the_flag() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let taken = taken.local_addr().unwrap().port().to_string();
    for flag in ["--proxy-port", "--idp-port", "--api-port"] {
        let free = [(); 3].map(|()| free_port());
        let mut arguments = vec!["demo".to_owned()];
        for (name, port) in ["--proxy-port", "--idp-port", "--api-port"]
            .iter()
            .zip(free)
        {
            let port = if *name == flag { taken.clone() } else { port };
            arguments.extend([(*name).to_owned(), port]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = run_to_end(&arguments);
        assert_eq!(output.status.code(), Some(2), "{flag}");
        let said = text(&output.stderr);
        assert!(
            said.contains(flag) && said.contains(&taken),
            "{flag}: {said}"
        );
    }
}

#[test]
fn every_example_passes_the_check_on_a_machine_without_its_secrets() {
    for entry in
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")).unwrap()
    {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        let output = run_to_end(&["check", "--without-secrets", path.to_str().unwrap()]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{}: {said}", path.display());
    }
}

/// What browsers will say of the certificate is said before one sees it.
#[test]
fn check_compares_the_certificate_with_the_public_address_and_the_time() {
    let folder = tempfile::TempDir::new().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    std::fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
    let file = folder.path().join("vestibule.toml");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(folder.path().join("key.pem"), mode).unwrap();
    let settings = "public_url = \"https://portal.example.com\"\n\
                    listen = \"127.0.0.1:8443\"\n\
                    tls = { certificate = \"cert.pem\", key = \"file:key.pem\" }\n\
                    [[route]]\npath = \"/\"\nupstream = \"http://localhost:1\"\nrequire = \"public\"\n";
    std::fs::write(&file, settings).unwrap();
    let check = |name: &str, ends: i32| {
        let mut params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, "portal.example.com");
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(ends, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(folder.path().join("cert.pem"), certificate.pem()).unwrap();
        let output = run_to_end(&["check", file.to_str().unwrap()]);
        (output.status.success(), text(&output.stderr))
    };
    let (fine, said) = check("portal.example.com", 2100);
    assert!(fine && !said.contains("VST-SETTINGS-CERTIFICATE"), "{said}");
    let (usable, said) = check("other.example", 2100);
    assert!(usable, "{said}");
    for words in [
        "VST-SETTINGS-CERTIFICATE-NAMES",
        "vestibule.toml:3:",
        "`portal.example.com`",
        "`other.example`",
    ] {
        assert!(said.contains(words), "{words} is missing in {said}");
    }
    let (usable, said) = check("*.example.com", 2002);
    assert!(usable, "{said}");
    assert!(said.contains("VST-SETTINGS-CERTIFICATE-TIME"), "{said}");
    assert!(said.contains("2002-01-01"), "{said}");
    assert!(!said.contains("VST-SETTINGS-CERTIFICATE-NAMES"), "{said}");
}

/// The line of the file, the template's own, its variable and those that there are.
#[test]
fn check_names_what_is_wrong_with_a_file_at_the_key_that_names_it() {
    let folder = tempfile::TempDir::new().unwrap();
    let pages = folder.path().join("pages");
    std::fs::create_dir(&pages).unwrap();
    std::fs::write(pages.join("error.html"), "{{ message }}\n{{ nope }}\n").unwrap();
    let pair = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = folder.path().join("key.pem");
    std::fs::write(folder.path().join("cert.pem"), pair().cert.pem()).unwrap();
    std::fs::write(&key, pair().signing_key.serialize_pem()).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(key, mode).unwrap();
    let file = folder.path().join("vestibule.toml");
    let settings = "public_url = \"https://localhost:8480\"\n\
                    listen = \"127.0.0.1:8480\"\n\
                    pages.templates = \"pages\"\n\
                    tls = { certificate = \"cert.pem\", key = \"file:key.pem\" }\n\
                    [[route]]\npath = \"/\"\nupstream = \"http://localhost:1\"\nrequire = \"public\"\n";
    std::fs::write(&file, settings).unwrap();
    let output = run_to_end(&["check", file.to_str().unwrap()]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for words in [
        "vestibule.toml:3:",
        "error.html: line 2: `nope` is no variable of this page",
        "`error.html` has `message`",
        "docs/pages.md",
        "vestibule.toml:4:",
        "is that of another certificate",
        "2 errors",
    ] {
        assert!(said.contains(words), "{words} is missing in {said}");
    }
    let output = run_to_end(&["check", "--json", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(
        said.contains("`nope`") && said.contains("\"line\":3"),
        "{said}"
    );
}
