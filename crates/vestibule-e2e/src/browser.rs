//! A real browser: headless Chromium, driven by `node/browser.mjs`.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::node::Node;
use crate::place;

/// A running Chromium.
#[derive(Debug, Clone)]
pub struct Browser {
    driver: Rc<Driver>,
}

#[derive(Debug)]
struct Driver {
    node: RefCell<Node>,
    last_id: Cell<u64>,
}

/// One person's profile: tabs that share cookies.
#[derive(Debug, Clone)]
pub struct Profile {
    driver: Rc<Driver>,
    number: u64,
}

/// One tab.
#[derive(Debug, Clone)]
pub struct Tab {
    driver: Rc<Driver>,
    number: u64,
}

/// What a person sees in a tab.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The address.
    pub url: String,
    /// The title.
    pub title: String,
    /// The text, as laid out.
    pub text: String,
    /// Everything else, as `node/browser.mjs` has it.
    pub all: Value,
}

impl Browser {
    /// Starts Chromium.
    #[must_use]
    pub fn start() -> Self {
        let chromium = place::on_path("chromium")
            .expect("Chromium is not installed; run `cargo xtask test --install`");
        let (node, _) = Node::start("browser.mjs", &json!({ "executable": chromium }));
        Self {
            driver: Rc::new(Driver {
                node: RefCell::new(node),
                last_id: Cell::new(0),
            }),
        }
    }

    /// A profile with no cookies. `options` are those of Playwright's `newContext`.
    #[must_use]
    pub fn profile(&self, options: &Value) -> Profile {
        let number = self
            .driver
            .ask("context", json!({ "options": options }))
            .as_u64()
            .unwrap();
        Profile {
            driver: Rc::clone(&self.driver),
            number,
        }
    }
}

impl Profile {
    /// A new tab.
    #[must_use]
    pub fn tab(&self) -> Tab {
        let number = self
            .driver
            .ask("page", json!({ "context": self.number }))
            .as_u64()
            .unwrap();
        Tab {
            driver: Rc::clone(&self.driver),
            number,
        }
    }

    /// Every cookie, as Playwright shows it.
    #[must_use]
    pub fn cookies(&self) -> Vec<Value> {
        let cookies = self
            .driver
            .ask("cookies", json!({ "context": self.number }));
        cookies.as_array().unwrap().clone()
    }
}

impl Tab {
    /// Goes to an address; gives the status of the page that came in the end.
    pub fn go(&self, url: &str) -> u64 {
        self.ask("goto", json!({ "url": url }))["status"]
            .as_u64()
            .unwrap()
    }

    /// Presses reload.
    pub fn reload(&self) -> u64 {
        self.ask("reload", json!({}))["status"].as_u64().unwrap()
    }

    /// Presses the back button.
    pub fn back(&self) {
        self.ask("back", json!({}));
    }

    /// Clicks what `selector`, in Playwright's notation, finds.
    pub fn click(&self, selector: &str) {
        self.ask("click", json!({ "selector": selector }));
    }

    /// Types into a field.
    pub fn fill(&self, selector: &str, value: &str) {
        self.ask("fill", json!({ "selector": selector, "value": value }));
    }

    /// Waits until the address matches a regular expression.
    pub fn wait_for(&self, url: &str) {
        self.ask("wait_for", json!({ "url": url }));
    }

    /// What is there now.
    #[must_use]
    pub fn seen(&self) -> Seen {
        let all = self.ask("seen", json!({}));
        let text = |name: &str| all[name].as_str().unwrap_or_default().to_owned();
        Seen {
            url: text("url"),
            title: text("title"),
            text: text("text"),
            all,
        }
    }

    /// Errors the browser has logged for this tab: a policy that was broken, a script that failed.
    #[must_use]
    pub fn complaints(&self) -> Vec<Value> {
        self.ask("complaints", json!({}))
            .as_array()
            .unwrap()
            .clone()
    }

    /// Runs a function of one argument in the page and gives what it returns.
    pub fn evaluate(&self, script: &str, argument: &Value) -> Value {
        self.ask(
            "evaluate",
            json!({ "script": script, "argument": argument }),
        )
    }

    /// Makes the window so large.
    pub fn size(&self, width: u32, height: u32) {
        self.ask("size", json!({ "width": width, "height": height }));
    }

    /// Prefers `light` or `dark`.
    pub fn colours(&self, scheme: &str) {
        self.ask("colours", json!({ "scheme": scheme }));
    }

    /// Takes a picture of the whole page.
    pub fn screenshot(&self, path: &Path) {
        self.ask("screenshot", json!({ "path": path }));
    }

    fn ask(&self, command: &str, mut given: Value) -> Value {
        given["page"] = json!(self.number);
        self.driver.ask(command, given)
    }
}

impl Driver {
    fn ask(&self, command: &str, mut given: Value) -> Value {
        let id = self.last_id.get() + 1;
        self.last_id.set(id);
        given["id"] = json!(id);
        given["do"] = json!(command);
        let mut answer = self.node.borrow_mut().ask(id, &given);
        match answer.get("error") {
            None => answer["ok"].take(),
            Some(error) => panic!("the browser could not {command} ({given}): {error}"),
        }
    }
}
