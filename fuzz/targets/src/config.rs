//! Target `config`: a file is read or refused with places and cures, and secrets stay secret.

use vestibule_config::{Environment, FixedSecrets, parse};

const SECRET: &str = "a-secret-nobody-may-see";

/// The text of `vestibule.toml`.
pub fn config(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let secrets = FixedSecrets::new().variable("SECRET", SECRET);
    let environment = Environment::new(&secrets, "/etc/vestibule", "/var/lib/vestibule");
    match parse(text, &environment) {
        Ok(loaded) => {
            assert!(!loaded.warnings.has_errors());
            assert!(!format!("{loaded:?}").contains(SECRET), "shows a secret");
        }
        Err(problems) => {
            assert!(problems.has_errors());
            let lines = text.lines().count();
            for problem in &problems {
                assert!((1..=lines + 1).contains(&problem.line), "{problem:?}");
                assert!(
                    problem.column >= 1 && !problem.message.is_empty(),
                    "{problem:?}"
                );
                assert!(!problem.help.is_empty(), "{problem:?}");
            }
            // Where the secret stands in the file itself, in a line that is no TOML, it is shown with it.
            let shows = !text.contains(SECRET) && problems.render(true).contains(SECRET);
            assert!(!shows, "shows a secret");
        }
    }
}
