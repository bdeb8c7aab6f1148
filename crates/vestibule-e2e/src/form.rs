//! The forms of a page, read just well enough to fill them in as a person does.

/// One form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// `GET` or `POST`.
    pub method: String,
    /// Where it goes, as written.
    pub action: String,
    /// Fields with a name, in order, with the values the page gives them.
    pub fields: Vec<(String, String)>,
    /// Buttons, radio buttons and the text that names them.
    choices: Vec<Choice>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Choice {
    name: String,
    value: String,
    text: String,
}

impl Form {
    /// Whether there is a field or a button of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
            || self.choices.iter().any(|choice| choice.name == name)
    }

    /// The form with one field filled in.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The form with the button pressed, or the radio button chosen, whose value or text holds
    /// `text`. `None` if there is none.
    #[must_use]
    pub fn choosing(self, text: &str) -> Option<Self> {
        let choice = self
            .choices
            .iter()
            .find(|choice| choice.value == text || choice.text.contains(text))?;
        let (name, value) = (choice.name.clone(), choice.value.clone());
        Some(if name.is_empty() {
            self
        } else {
            self.with(&name, &value)
        })
    }

    /// The fields as `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn encoded(&self) -> String {
        let pair = |(name, value): &(String, String)| format!("{}={}", encode(name), encode(value));
        self.fields.iter().map(pair).collect::<Vec<_>>().join("&")
    }
}

/// Reads every form of a page.
#[must_use]
pub fn read(html: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    for part in html.split("<form").skip(1) {
        let Some((tag, rest)) = part.split_once('>') else {
            continue;
        };
        let (inside, after) = rest.split_once("</form>").unwrap_or((rest, ""));
        let mut form = Form {
            method: attribute(tag, "method").unwrap_or_default().to_uppercase(),
            action: attribute(tag, "action").unwrap_or_default(),
            fields: Vec::new(),
            choices: Vec::new(),
        };
        read_controls(inside, &mut form);
        // A button elsewhere on the page may name the form it belongs to.
        if let Some(id) = attribute(tag, "id") {
            let outside = after.split("<form").next().unwrap_or_default();
            let owned = format!("form=\"{id}\"");
            for button in outside
                .split("<button")
                .skip(1)
                .filter(|text| text.contains(&owned))
            {
                read_controls(&format!("<button{button}"), &mut form);
            }
        }
        forms.push(form);
    }
    forms
}

fn read_controls(html: &str, form: &mut Form) {
    for part in html.split('<').skip(1) {
        let Some((tag, text)) = part.split_once('>') else {
            continue;
        };
        let value = attribute(tag, "value").unwrap_or_default();
        let name = attribute(tag, "name").unwrap_or_default();
        let kind = attribute(tag, "type").unwrap_or_default();
        if tag.starts_with("button") {
            // What stands in the button may have elements of its own.
            let start = html.find(part).unwrap_or(0);
            let text = html[start..].split("</button>").next().unwrap_or(text);
            form.choices.push(Choice {
                name,
                value,
                text: without_tags(text),
            });
        } else if tag.starts_with("input")
            && matches!(kind.as_str(), "radio" | "submit" | "checkbox")
        {
            if tag.contains(" checked") {
                form.fields.push((name.clone(), value.clone()));
            }
            form.choices.push(Choice {
                name,
                value,
                text: text.trim().to_owned(),
            });
        } else if tag.starts_with("input") && !name.is_empty() {
            form.fields.push((name, value));
        }
    }
}

fn without_tags(html: &str) -> String {
    let after_tag = html.split_once('>').map_or(html, |(_, rest)| rest);
    let mut text = String::new();
    for part in after_tag.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, rest)| rest));
    }
    unescape(
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .as_str(),
    )
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let at = [' ', '\n', '\t']
        .iter()
        .find_map(|space| tag.find(&format!("{space}{name}=")))?;
    let value = &tag[at + name.len() + 2..];
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split([' ', '\n', '/']).next()?,
    };
    Some(unescape(value))
}

/// Text as a browser shows it: character references replaced.
#[must_use]
pub fn unescape(text: &str) -> String {
    let mut text = text.to_owned();
    for (name, letter) in [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2f;", "/"),
        ("&#47;", "/"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ] {
        text = text.replace(name, letter);
    }
    text
}

/// Percent-encodes everything that is not a letter, a digit or one of `-._~`.
#[must_use]
pub fn encode(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| {
        if keep(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(one).collect()
}

/// The text of a field in a form or a query.
#[must_use]
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = hex.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let (byte, left) = match (first, byte) {
            (b'%', Some(byte)) => (byte, &after[2..]),
            (b'+', _) => (b' ', after),
            _ => (first, after),
        };
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<form method=post action='/a?b=1&amp;c'><input type=hidden name=\"x\" \
        value=\"&quot;1&quot;\"><input name=who><button name=\"account\" value=\"2\"><b>Ada</b> \
        Member</button></form><form id=\"f\" method=\"post\" action=\"/z\"></form>\
        <button form=\"f\" name=\"logout\" value=\"yes\">Yes</button>";

    #[test]
    fn fields_and_buttons_are_read_as_a_browser_reads_them() {
        let forms = read(PAGE);
        let first = forms[0]
            .clone()
            .choosing("Ada")
            .unwrap()
            .with("who", "a b&c");
        assert_eq!(
            (first.method.as_str(), first.action.as_str()),
            ("POST", "/a?b=1&c")
        );
        assert_eq!(first.encoded(), "x=%221%22&account=2&who=a%20b%26c");
        assert!(forms[1].clone().choosing("Yes").unwrap().has("logout"));
        assert_eq!(forms[0].clone().choosing("nobody"), None);
    }
}
