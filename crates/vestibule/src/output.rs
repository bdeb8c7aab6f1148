//! What the program prints for people and programs: lines on standard output, errors on standard error.

use std::error::Error;
use std::ffi::OsString;
use std::fmt::{self, Display, Write as _};
use std::io::{self, IsTerminal as _, Write as _};

/// Prints a line on standard output. A reader that went away is no reason to fail.
pub(crate) fn line(text: impl Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// Prints an error with its causes on standard error, and what to do about it.
pub(crate) fn error(failed_to: &str, error: &(dyn Error + 'static), help: Option<&str>) {
    let mut out = io::stderr().lock();
    let _ = writeln!(out, "error: failed to {failed_to}: {}", Chain(error));
    if let Some(help) = help {
        let _ = writeln!(out, "  help: {help}");
    }
}

/// Prints text on standard error as it is.
pub(crate) fn notice(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether standard error shows colours.
pub(crate) fn colours() -> bool {
    io::stderr().is_terminal() && may_colour(|name| std::env::var_os(name))
}

/// Whether standard output shows colours.
pub(crate) fn colours_out() -> bool {
    io::stdout().is_terminal() && may_colour(|name| std::env::var_os(name))
}

/// Whether the environment lets a terminal show colours.
fn may_colour(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    variable("NO_COLOR").is_none() && variable("TERM").is_none_or(|term| term != "dumb")
}

/// How wide the terminal on standard output is, if it is one.
pub(crate) fn columns() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(width.0.into())
}

/// Prints text on standard output as it is. A reader that went away is no reason to fail.
pub(crate) fn text(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// An error and its causes, on one line.
pub(crate) struct Chain<'e>(pub(crate) &'e (dyn Error + 'static));

impl Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.0.to_string();
        let mut cause = self.0.source();
        while let Some(next) = cause {
            let said = next.to_string();
            // Some errors repeat their cause.
            if !text.ends_with(&said) {
                let _ = write!(text, ": {said}");
            }
            cause = next.source();
        }
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_without_colours_gets_none() {
        for (name, value, colours) in [
            ("TERM", "xterm", true),
            ("TERM", "dumb", false),
            ("NO_COLOR", "1", false),
        ] {
            let variable = |asked: &str| (asked == name).then(|| value.into());
            assert_eq!(may_colour(variable), colours, "{name}={value}");
        }
    }
}
