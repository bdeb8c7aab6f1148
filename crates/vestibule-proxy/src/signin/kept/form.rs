//! A form that a browser will write again byte for byte, from hidden fields of a page.

use std::borrow::Cow;

use url::form_urlencoded::{self, Serializer};

/// The most fields. Each becomes an element of a page.
const MOST_FIELDS: usize = 1000;

/// The names and values of a form, in their order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form(Vec<(String, String)>);

/// Why a body can't be written again.
///
/// Matched exhaustively where it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoForm {
    /// It has too many fields.
    TooManyFields,
    /// It is not in UTF-8, some program wrote it in another way, or it has what no hidden field can hold.
    WrittenOtherwise,
}

impl Form {
    /// Reads a body, if hidden fields with these names and values make exactly this body. A form whose button has no
    /// name may have none at all.
    pub(super) fn read(body: &[u8]) -> Result<Self, NoForm> {
        // Counted before anything is made of it.
        if body.split(|byte| *byte == b'&').count() > MOST_FIELDS {
            return Err(NoForm::TooManyFields);
        }
        let fields: Vec<(Cow<'_, str>, Cow<'_, str>)> = form_urlencoded::parse(body).collect();
        let can_be_held = fields.iter().all(|(name, value)| {
            !name.is_empty()
                // A browser puts the encoding's name there.
                && !name.eq_ignore_ascii_case("_charset_")
                && is_written_again(name)
                && is_written_again(value)
        });
        let mut again = Serializer::new(String::with_capacity(body.len()));
        again.extend_pairs(&fields);
        // What was not in UTF-8 was replaced, and so is written differently.
        if !can_be_held || again.finish().as_bytes() != body {
            return Err(NoForm::WrittenOtherwise);
        }
        let owned = fields
            .into_iter()
            .map(|(name, value)| (name.into_owned(), value.into_owned()));
        Ok(Self(owned.collect()))
    }

    pub(super) fn into_fields(self) -> Vec<(String, String)> {
        self.0
    }
}

/// HTML has no NUL, and forms write every line end as CR LF.
fn is_written_again(text: &str) -> bool {
    let bytes = text.as_bytes();
    let after = |at: usize| bytes.get(at + 1).copied();
    let before = |at: usize| at.checked_sub(1).and_then(|at| bytes.get(at)).copied();
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        0 => false,
        b'\r' => after(at) == Some(b'\n'),
        b'\n' => before(at) == Some(b'\r'),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_as_browsers_write_them_is_read() {
        let form =
            Form::read(b"title=a+b&text=line%0D%0Aline%26%3D%3C%22&empty=&title=%C3%A9").unwrap();
        let expected = [
            ("title", "a b"),
            ("text", "line\r\nline&=<\""),
            ("empty", ""),
            ("title", "\u{e9}"),
        ];
        assert_eq!(
            form.into_fields(),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn what_a_browser_would_not_write_again_byte_for_byte_is_no_form() {
        for body in [
            &b"a"[..],
            b"a=1&",
            b"&a=1",
            b"a=1&&b=2",
            b"=1",
            b"a=b c",
            b"a=%20",
            b"a=%c3%a9",
            b"a=%E9",
            b"a=\xe9",
            b"a=%00",
            b"a=%0A",
            b"a=%0D",
            b"a=%0A%0D",
            b"a=%zz",
            b"a=%61",
            b"_charset_=UTF-8",
            b"{\"a\":1}",
            b"<a>",
        ] {
            let shown = String::from_utf8_lossy(body);
            assert_eq!(Form::read(body), Err(NoForm::WrittenOtherwise), "{shown}");
        }
    }

    #[test]
    fn the_number_of_fields_is_bounded() {
        let of = |count: usize| vec!["a=1"; count].join("&");
        assert!(Form::read(of(MOST_FIELDS).as_bytes()).is_ok());
        let more = Form::read(of(MOST_FIELDS + 1).as_bytes());
        assert_eq!(more, Err(NoForm::TooManyFields));
    }

    #[test]
    fn a_form_that_is_a_button_alone_has_no_fields() {
        assert_eq!(Form::read(b""), Ok(Form(Vec::new())));
    }
}
