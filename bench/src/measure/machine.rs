//! What the figures were measured on: processor, kernel, versions.

use std::fs;
use std::process::Command;

use serde::Serialize;

use crate::stage::search_path;

/// The machine and the programs on it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    pub(crate) kernel: String,
    pub(crate) system: String,
    pub(crate) programs: Vec<Program>,
}

/// A program and its version, in the program's own words.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) version: String,
}

impl Machine {
    /// Looks around.
    pub(crate) fn look() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kib: u64 = value(&meminfo, "MemTotal:")
            .trim_end_matches("kB")
            .trim()
            .parse()
            .unwrap_or(0);
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            processor: value(&cpuinfo, "model name")
                .trim_start_matches([':', ' ', '\t'])
                .to_owned(),
            // Not what this thread may use: it is pinned.
            cores: cpuinfo
                .lines()
                .filter(|line| line.starts_with("processor"))
                .count()
                .max(1),
            memory_gib: kib / (1024 * 1024),
            kernel: kernel.trim().to_owned(),
            system: value(&release, "PRETTY_NAME=").trim_matches('"').to_owned(),
            programs: programs(),
        }
    }
}

fn value(text: &str, name: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or("unknown").trim().to_owned()
}

fn programs() -> Vec<Program> {
    let ask = |name, line: &[&str]| Program {
        name,
        version: first_line(line).unwrap_or_else(|| "not on this machine".to_owned()),
    };
    vec![
        ask("nginx", &["nginx", "-v"]),
        ask("HAProxy", &["haproxy", "-v"]),
        ask("Apache", &["apache2", "-v"]),
        ask(
            "mod_auth_openidc",
            &[
                "dpkg-query",
                "--show",
                "--showformat=${Version}\\n",
                "libapache2-mod-auth-openidc",
            ],
        ),
        ask("Redis", &["redis-server", "--version"]),
        ask("valgrind", &["valgrind", "--version"]),
    ]
}

fn first_line(line: &[&str]) -> Option<String> {
    let (program, arguments) = line.split_first()?;
    let output = Command::new(program)
        .args(arguments)
        .env("PATH", search_path())
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    text.lines().next().map(|line| line.trim().to_owned())
}
