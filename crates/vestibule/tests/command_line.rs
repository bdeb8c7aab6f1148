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
