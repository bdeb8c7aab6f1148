//! A failure on its way to its answer: everything the answer says about it.

use vestibule_diagnosis::Finding;
use vestibule_oidc::fault::Fault;

use crate::pages::Link;

/// What an answer says about something that went wrong.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The stable code.
    pub code: &'static str,
    /// Whose fault it is; decides the status.
    pub fault: Fault,
    /// A text safe for strangers.
    pub message: &'static str,
    /// Whether trying again soon makes sense.
    pub temporary: bool,
    /// The heading of the page.
    pub title: &'static str,
    /// What the provider said. Text from outside.
    pub detail: Option<String>,
    /// The diagnosis, as anybody may read it.
    pub findings: Vec<Finding>,
    /// What the person can do now.
    pub actions: Vec<Link>,
    /// `Set-Cookie` values that go with the answer.
    pub cookies: Vec<String>,
}

impl Failure {
    /// The text for what is nobody's business.
    pub const OUR_FAULT: &'static str =
        "Something went wrong on our side. Give the incident number to whoever runs this service.";

    /// A failure with the usual heading and nothing to add.
    #[must_use]
    pub const fn new(code: &'static str, fault: Fault, message: &'static str) -> Self {
        Self {
            code,
            fault,
            message,
            temporary: false,
            title: "That did not work",
            detail: None,
            findings: Vec::new(),
            actions: Vec::new(),
            cookies: Vec::new(),
        }
    }

    /// The store can't be asked.
    #[must_use]
    pub const fn store() -> Self {
        let message = "Sessions can't be looked up at the moment. You are not signed out.";
        Self::new("store_unavailable", Fault::Operator, message).temporary()
    }

    /// The same, worth trying again soon.
    #[must_use]
    pub const fn temporary(mut self) -> Self {
        self.temporary = true;
        self
    }

    /// The same under another heading.
    #[must_use]
    pub const fn titled(mut self, title: &'static str) -> Self {
        self.title = title;
        self
    }
}
