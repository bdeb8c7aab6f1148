//! What every mode begins with: the cores shared out, the load's thread, the provider, a place to work.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::{env, fs};

use vestibule_e2e::certificate::Certificate;
use vestibule_e2e::place::free_port;

use crate::cases::{self, Case};
use crate::load::Engine;
use crate::problem::{Outcome, Problem, While as _};
use crate::stage::{Cores, Place, Provider, of_build};

/// The load and the place of the cases.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) engine: Engine,
    pub(crate) place: Place,
}

impl Scene {
    /// Starts what all cases share. Without `program` it is the one that stands beside this one.
    pub(crate) fn set(program: Option<&Path>) -> Outcome<Self> {
        let kept = of_build()?;
        let program = match program {
            Some(program) => std::path::absolute(program)?,
            None => env::current_exe()?.with_file_name("vestibule"),
        };
        if !program.is_file() {
            let what = "there is no such program; `cargo xtask bench` builds it";
            return Err(Problem::new(what));
        }
        // Not under the build's folder: a Unix socket's path may have 107 bytes.
        let folder = env::temp_dir().join(format!("vestibule-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).during("making a folder for the run")?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        let cores = Cores::share_out()?;
        let engine = Engine::start(folder.join("app.sock"))?;
        let https_port = free_port();
        let provider = Provider::start(&program, &folder, https_port)?;
        let place = Place {
            program,
            prefix: Vec::new(),
            kept,
            folder: folder.join("case"),
            cores,
            upstream: engine.upstream().clone(),
            provider,
            certificate: Certificate::new(),
            port: 0,
            https_port,
        };
        Ok(Self { engine, place })
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if let Some(folder) = self.place.folder.parent() {
            // A folder that stays is only untidy.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// The cases that were asked for, in the table's order, or `default` ones.
pub(crate) fn chosen(only: &[String], default: impl Fn(&Case) -> bool) -> Vec<Case> {
    cases::all()
        .into_iter()
        .filter(|case| match only {
            [] => default(case),
            only => only.iter().any(|name| name == case.name),
        })
        .collect()
}
