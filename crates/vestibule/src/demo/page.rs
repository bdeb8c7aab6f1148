//! The sample API's page: the same content as its JSON, for a person to read.

use std::fmt::Write as _;

use minijinja::value::Serde;
use minijinja::{Environment, HtmlEscape, Value, context};

use super::api::WhoAmI;

const STYLE: &str = include_str!("page.css");
const TEMPLATE: &str = include_str!("page.html");

/// Only the page's own style is allowed; nothing is loaded, framed or executed.
pub(super) const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/// The page for `whoami`. Everything that came from outside is escaped.
pub(super) fn render(whoami: &WhoAmI) -> String {
    let mut environment = Environment::new();
    environment.add_filter("code", code);
    environment.add_filter("json", json);
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

/// Text with `code` in backticks as HTML, everything in it escaped.
fn code(text: String) -> Value {
    let mut html = String::with_capacity(text.len() + 32);
    for (at, piece) in text.split('`').enumerate() {
        let escaped = HtmlEscape(piece);
        let written = match at % 2 {
            0 => write!(html, "{escaped}"),
            _ => write!(html, "<code>{escaped}</code>"),
        };
        // Writing to a string does not fail.
        debug_assert!(written.is_ok());
    }
    Value::from_safe_string(html)
}

/// A claim as the token has it, a text without its quotes.
fn json(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => serde_json::to_string(value).unwrap_or_else(|_| value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn claims_are_shown_as_the_token_has_them() {
        for (claim, shown) in [
            (
                serde_json::json!(["pwd", {"sub": "x"}]),
                r#"["pwd",{"sub":"x"}]"#,
            ),
            (serde_json::json!(true), "true"),
            (serde_json::json!("Ada"), "Ada"),
        ] {
            assert_eq!(super::json(&super::Value::from(super::Serde(claim))), shown);
        }
    }

    #[test]
    fn code_in_backticks_becomes_markup_and_nothing_else_does() {
        let html = super::code("a `b<c>` & <script>".to_owned());
        assert_eq!(
            html.to_string(),
            "a <code>b&lt;c&gt;</code> &amp; &lt;script&gt;"
        );
    }
}
