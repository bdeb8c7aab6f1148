//! A Node program that speaks JSON lines.

use std::io::Write;

use serde_json::Value;

use crate::place;
use crate::process::{Process, command};

/// A running Node program.
#[derive(Debug)]
pub struct Node {
    process: Process,
    read: usize,
}

impl Node {
    /// Starts one of the programs in `node/` with one JSON argument, and gives its `ready` event.
    #[must_use]
    pub fn start(script: &str, argument: &Value) -> (Self, Value) {
        let folder = place::checkout().join("crates/vestibule-e2e/node");
        assert!(
            folder.join("node_modules").is_dir(),
            "the npm packages are not installed; run `cargo xtask test --install`"
        );
        let mut command = command("node", &[script, &argument.to_string()]);
        // What the certified provider says about versions of Node is not for our log.
        command.current_dir(folder).env("NODE_NO_WARNINGS", "1");
        let mut node = Self {
            process: Process::start(script, &mut command),
            read: 0,
        };
        let ready = node.event("ready");
        (node, ready)
    }

    /// Waits for the next event of this name.
    pub fn event(&mut self, name: &str) -> Value {
        self.wait(&format!("the event `{name}`"), |value| {
            value["event"] == name
        })
    }

    /// Sends one line and waits for the answer with the same `id`.
    pub fn ask(&mut self, id: u64, question: &Value) -> Value {
        writeln!(self.process.input(), "{question}").expect("the Node program listens");
        self.wait(&format!("an answer to {question}"), |value| {
            value["id"] == id
        })
    }

    /// How many events of this name there were so far.
    #[must_use]
    pub fn count(&self, wanted: impl Fn(&Value) -> bool) -> usize {
        self.process
            .lines()
            .iter()
            .filter_map(|line| parse(line))
            .filter(|line| wanted(line))
            .count()
    }

    fn wait(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let (next, value) = self
            .process
            .wait_from(self.read, what, |line| parse(line).filter(&wanted));
        self.read = next;
        value
    }
}

fn parse(line: &str) -> Option<Value> {
    serde_json::from_str(line).ok()
}
