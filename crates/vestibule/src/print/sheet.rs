//! Holds lines as they are set: wrapped, indented, inked. What comes from outside can't write escapes of its own.

use vestibule_oidc::text::printable;

use crate::output;

/// The widest a paragraph is set: longer lines are hard to read.
const WIDEST: usize = 100;
/// The narrowest: a smaller terminal wraps by itself.
const NARROWEST: usize = 40;

/// A colour that repeats what the words say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// None.
    Plain,
    /// What is read first.
    Strong,
    /// An error.
    Red,
    /// A warning.
    Yellow,
    /// All is well.
    Green,
    /// A label.
    Blue,
}

impl Ink {
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("1"),
            Self::Red => Some("1;31"),
            Self::Yellow => Some("1;33"),
            Self::Green => Some("1;32"),
            Self::Blue => Some("1;34"),
        }
    }
}

/// Text as it is set.
#[derive(Debug)]
pub(crate) struct Sheet {
    text: String,
    width: usize,
    colours: bool,
}

impl Sheet {
    /// Text of this width.
    pub(crate) fn new(width: usize, colours: bool) -> Self {
        Self {
            text: String::new(),
            width: width.clamp(NARROWEST, WIDEST),
            colours,
        }
    }

    /// Text for standard output, whatever that is.
    pub(crate) fn for_output() -> Self {
        Self::new(output::columns().unwrap_or(WIDEST), output::colours_out())
    }

    /// An empty line, unless there is one already or nothing before it.
    pub(crate) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A paragraph, every line of it this far in.
    pub(crate) fn paragraph(&mut self, indent: usize, text: &str) {
        self.hanging(0, "", Ink::Plain, indent, text);
    }

    /// A paragraph whose first line begins with a label, `at` columns in; the text is `indent` columns in.
    pub(crate) fn hanging(&mut self, at: usize, label: &str, ink: Ink, indent: usize, text: &str) {
        let label = printable(label);
        let mut column = 0;
        if !label.is_empty() {
            self.pad(at);
            self.ink(ink, &label);
            column = at + label.chars().count();
        }
        let mut is_first = true;
        for word in printable(text).split(' ').filter(|word| !word.is_empty()) {
            let length = word.chars().count();
            if is_first {
                // A label that is too long for its column stands on its line, one space away.
                let gap = match column {
                    0 => indent,
                    _ => indent.saturating_sub(column).max(1),
                };
                self.pad(gap);
                column += gap;
                is_first = false;
            } else if column + 1 + length > self.width {
                self.text.push('\n');
                self.pad(indent);
                column = indent;
            } else {
                self.text.push(' ');
                column += 1;
            }
            self.text.push_str(word);
            column += length;
        }
        self.text.push('\n');
    }

    /// A paragraph in one ink.
    pub(crate) fn inked(&mut self, ink: Ink, text: &str) {
        let mut plain = Self::new(self.width, false);
        plain.paragraph(0, text);
        for line in plain.text.lines() {
            self.ink(ink, line);
            self.text.push('\n');
        }
    }

    /// A line to be copied: not wrapped.
    pub(crate) fn verbatim(&mut self, indent: usize, line: &str) {
        self.pad(indent);
        self.text.push_str(&printable(line));
        self.text.push('\n');
    }

    /// All of it.
    pub(crate) fn into_text(mut self) -> String {
        while self.text.ends_with("\n\n") {
            self.text.pop();
        }
        self.text
    }

    fn pad(&mut self, columns: usize) {
        self.text.extend(std::iter::repeat_n(' ', columns));
    }

    fn ink(&mut self, ink: Ink, text: &str) {
        match ink.code().filter(|_| self.colours) {
            Some(code) => {
                self.text.push_str("\u{1b}[");
                self.text.push_str(code);
                self.text.push('m');
                self.text.push_str(text);
                self.text.push_str("\u{1b}[0m");
            }
            None => self.text.push_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_under_itself() {
        let mut sheet = Sheet::new(40, false);
        sheet.hanging(
            2,
            "why",
            Ink::Blue,
            8,
            "one two three four five six seven eight nine ten",
        );
        sheet.verbatim(8, "line = \"that is longer than the sheet is wide\"");
        assert_eq!(
            sheet.into_text(),
            "  why   one two three four five six\n        seven eight nine ten\n        \
             line = \"that is longer than the sheet is wide\"\n"
        );
    }

    #[test]
    fn words_from_outside_write_no_escapes() {
        let mut sheet = Sheet::new(80, true);
        sheet.paragraph(0, "evil\u{1b}[2J\u{202e}text\nnext");
        sheet.verbatim(0, "a\u{7}b");
        assert_eq!(sheet.into_text(), "evil [2Jtext next\na b\n");
    }

    #[test]
    fn colours_are_only_there_when_wanted() {
        let set = |colours| {
            let mut sheet = Sheet::new(80, colours);
            sheet.inked(Ink::Red, "no");
            sheet.into_text()
        };
        assert_eq!(set(false), "no\n");
        assert_eq!(set(true), "\u{1b}[1;31mno\u{1b}[0m\n");
    }
}
