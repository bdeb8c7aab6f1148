//! The sample API's page: the same content as its JSON, for a person to read.

use minijinja::value::Serde;
use minijinja::{Environment, Value, context};

use super::api::WhoAmI;

const STYLE: &str = include_str!("page.css");
const TEMPLATE: &str = include_str!("page.html");

/// Only the page's own style is allowed; nothing is loaded, framed or executed.
pub(super) const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/// The page for `whoami`. Everything that came from outside is escaped.
pub(super) fn render(whoami: &WhoAmI) -> String {
    let mut environment = Environment::new();
    let rendered = environment
        .add_template("page.html", TEMPLATE)
        .and_then(|()| {
            environment.get_template("page.html")?.render(context! {
                style => Value::from_safe_string(STYLE.to_owned()),
                user => whoami.user.as_deref(),
                path => whoami.path.as_str(),
                headers => Value::from(Serde(&whoami.headers)),
                token => Value::from(Serde(&whoami.token)),
            })
        });
    rendered.unwrap_or_else(|error| format!("the page could not be rendered: {error}"))
}
