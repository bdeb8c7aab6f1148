//! npm `oidc-provider`: a certified provider that knows nothing of us.

use serde_json::{Value, json};

use crate::http::Reply;
use crate::node::Node;
use crate::person::Person;

/// A resource whose access tokens are JWTs.
pub const JWT_RESOURCE: &str = "https://jwt.example.com";
/// A resource whose access tokens are opaque.
pub const OPAQUE_RESOURCE: &str = "https://opaque.example.com";

/// The running provider.
#[derive(Debug)]
pub struct CertifiedProvider {
    /// Its issuer.
    pub issuer: String,
    node: Node,
}

impl CertifiedProvider {
    /// Starts it for one client application.
    #[must_use]
    pub fn start(redirect_uri: &str, more: &Value) -> Self {
        let mut settings = json!({ "redirect_uris": [redirect_uri] });
        if let Some(more) = more.as_object() {
            settings.as_object_mut().unwrap().extend(more.clone());
        }
        let (node, ready) = Node::start("provider.mjs", &settings);
        Self {
            issuer: ready["issuer"].as_str().unwrap().to_owned(),
            node,
        }
    }

    /// The secret of one of its clients: `basic`, `post`, or `signed`, whose user info comes as a JWT.
    #[must_use]
    pub fn client_secret(client: &str) -> String {
        // Characters that form encoding, and so RFC 6749 §2.3.1, must encode.
        format!("secret of {client}: +/&%?=")
    }

    /// How many grants of this type it has answered with tokens.
    #[must_use]
    pub fn grants(&self, grant_type: &str) -> usize {
        self.node
            .count(|line| line["event"] == "grant" && line["grant_type"] == grant_type)
    }

    /// How many grants were revoked.
    #[must_use]
    pub fn revocations(&self) -> usize {
        self.node.count(|line| line["event"] == "revoked")
    }

    /// Waits for its next event of this name.
    pub fn event(&mut self, name: &str) -> Value {
        self.node.event(name)
    }

    /// Goes from its sign-in page, which is what `page` shows, back to where the person came from.
    pub fn sign_in(person: &mut Person, page: &Reply, name: &str) -> Reply {
        let form = page.form();
        assert!(
            form.has("login"),
            "not the provider's sign-in page: {page:?}"
        );
        person.submit(page, form.with("login", name))
    }
}
