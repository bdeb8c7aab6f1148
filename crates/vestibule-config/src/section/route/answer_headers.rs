//! `answer_headers`: what is changed in the upstream's answers.

use super::headers::is_constant;
use crate::describe::{Kind, Open, Section};
use crate::read::{Item, Reader};
use crate::section::rule::is_token_byte;

/// Fields of HTTP and of the connection, in lower case, and cookies.
const RESERVED: &[&str] = &[
    "alt-svc",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-connection",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The most lines of one name.
const MOST: usize = 16;

const VALUE: Kind = Kind::Text("\"=text\", \"+text\", \"?text\" or \"@none\"");

pub(crate) static ANSWER_HEADERS: Section = Section {
    name: "answer_headers",
    heading: "",
    doc: "Headers of the upstream's answers: `{ \"X-Frame-Options\" = \"=DENY\", Server = \"@none\" }`. Vestibule's own answers keep their own: its pages, the way to sign in, errors.",
    open: Some(Open {
        placeholder: "NAME",
        kind: Kind::OneOrMore(&VALUE),
        doc: "`\"=text\"` is that text, whatever the upstream sent under the name; `\"+text\"` is sent besides what it sent, `\"?text\"` where it sent none; `\"@none\"` takes it out. A list has several lines, of which the first may \
              begin with `=` or `?`. Not for what delimits or encodes an answer, for `Set-Cookie`, and for `Access-Control-…`, which `allowed_origins` is for. \
              `Cache-Control: public` lets caches on the way give one person's page to another.",
    }),
    keys: &[],
};

/// What a header is to the upstream's own of its name. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BesideAnswer {
    /// The upstream's goes.
    Instead,
    /// Both are sent.
    Behind,
    /// The upstream's is sent if there is one, and this one if there is none.
    Missing,
}

/// What becomes of one header of the upstream's answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerHeader {
    /// Its name.
    pub name: String,
    /// What becomes of what the upstream sent under it.
    pub beside: BesideAnswer,
    /// What is sent; nothing, where it is only taken out.
    pub values: Vec<String>,
}

pub(super) fn read(reader: &Reader<'_>) -> Vec<AnswerHeader> {
    let Some(table) = reader
        .item("answer_headers")
        .and_then(|item| item.table_of(&ANSWER_HEADERS))
    else {
        return Vec::new();
    };
    let mut headers: Vec<AnswerHeader> = Vec::new();
    for (name, item) in table.own_items() {
        let refuse = |message: String, help: &str| {
            item.context
                .error(&item.key_span, item.key.clone(), message, help);
        };
        if let Some((message, help)) = wrong_with(name) {
            refuse(message, help);
        } else if let Some(twin) = headers
            .iter()
            .find(|known| known.name.eq_ignore_ascii_case(name))
        {
            let message = format!("`{name}` and `{}` are one header", twin.name);
            refuse(message, "keep one, with a list of values if it has several");
        } else {
            headers.extend(header(name, &item));
        }
    }
    headers
}

/// Why a header of answers can't be changed, and what to do instead.
pub(crate) fn wrong_with(name: &str) -> Option<(String, &'static str)> {
    let lower = name.to_ascii_lowercase();
    if name.is_empty() || name.len() > 128 || !name.bytes().all(is_token_byte) {
        let message = "this can't be the name of a header".to_owned();
        return Some((
            message,
            "use letters, digits and -, like \"X-Frame-Options\"",
        ));
    }
    if lower.starts_with("access-control-") {
        let message = format!("`{name}` lets scripts of other origins read answers");
        return Some((message, "name the origins in allowed_origins"));
    }
    let help = match lower.as_str() {
        "set-cookie" => "let the app set its cookies",
        _ => "leave it out",
    };
    RESERVED.contains(&lower.as_str()).then(|| {
        (
            format!("`{name}` belongs to HTTP, to the connection or to the browser's cookies"),
            help,
        )
    })
}

fn header(name: &str, item: &Item<'_>) -> Option<AnswerHeader> {
    let items = item.items();
    let mut found = AnswerHeader {
        name: name.to_owned(),
        beside: BesideAnswer::Behind,
        values: Vec::new(),
    };
    if items.is_empty() || items.len() > MOST {
        item.error(
            format!("a header has 1 to {MOST} lines"),
            "write \"@none\" to take it out",
        );
        return None;
    }
    for (at, item) in items.iter().enumerate() {
        let text = item.filled_text()?;
        if text == "@none" && items.len() == 1 {
            found.beside = BesideAnswer::Instead;
            return Some(found);
        }
        let value = match text.split_at_checked(1) {
            Some(("=", value)) if at == 0 => {
                found.beside = BesideAnswer::Instead;
                value
            }
            Some(("?", value)) if at == 0 => {
                found.beside = BesideAnswer::Missing;
                value
            }
            Some(("+", value)) => value,
            _ => {
                item.error(
                    "nothing says whether this is instead of the upstream's own or besides it",
                    "begin with = to replace it, with + to add to it, with ? for where it sent none; behind the first line of a list with +",
                );
                return None;
            }
        };
        if !is_constant(value) {
            item.error(
                "this can't be the value of a header",
                "write visible characters, 1024 bytes at most, with white space only between them",
            );
            return None;
        }
        found.values.push(value.to_owned());
    }
    Some(found)
}
