//! Answers with what is known of a session, for people to read.

use serde_json::Value;
use vestibule_gate::fields::{Fields, ResponseHead};

use super::Context;
use super::answer;
use crate::body::Body;
use crate::exchange::Response;

/// A page with this value as it is written.
#[must_use]
pub fn session_info(told: &Value, context: &Context<'_>) -> Response {
    let mut fields = Fields::with_capacity(8);
    fields.push("Content-Type", "text/html; charset=utf-8");
    fields.push(
        "Content-Security-Policy",
        "default-src 'none'; frame-ancestors 'none'",
    );
    fields.push("X-Frame-Options", "DENY");
    answer::own_fields(&mut fields);
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Session Info</title></head>\n\
         <body><pre>{}</pre></body>\n</html>\n",
        escaped(&format!("{told:#}"))
    );
    let body = match context.is_head() {
        true => Body::omitted(html.len() as u64),
        false => Body::from(html),
    };
    Response::new(
        ResponseHead {
            status: 200,
            fields,
        },
        body,
    )
}

/// The text as HTML shows it: nothing in it is markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mod_auth_openidc_2026_05_20_text_of_claims_is_no_markup() {
        assert_eq!(
            escaped("</pre><script>alert('x')&\""),
            "&lt;/pre&gt;&lt;script&gt;alert(&#39;x&#39;)&amp;&quot;"
        );
    }
}
