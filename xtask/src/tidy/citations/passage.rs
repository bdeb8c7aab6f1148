//! What is read as one text: a line of code, or comment lines that follow each other, joined by one
//! space, so that a citation may be broken between two of them.

/// One text and where its lines begin in it.
pub(super) struct Passage {
    pub(super) text: String,
    /// Offset in the text, number of the line.
    starts: Vec<(usize, usize)>,
}

impl Passage {
    /// The number of the line that holds the byte at `offset`.
    pub(super) fn line(&self, offset: usize) -> usize {
        let begun = self.starts.iter().take_while(|(start, _)| *start <= offset);
        begun.last().map_or(0, |(_, line)| *line)
    }
}

/// The passages of a file, in order.
pub(super) fn all(text: &str) -> Vec<Passage> {
    let mut passages: Vec<Passage> = Vec::new();
    let mut in_comment = false;
    for (index, line) in text.lines().enumerate() {
        let comment = line.trim_start().strip_prefix("//");
        match (comment, passages.last_mut()) {
            (Some(comment), Some(passage)) if in_comment => {
                passage.text.push(' ');
                passage.starts.push((passage.text.len(), index + 1));
                passage
                    .text
                    .push_str(comment.trim_start_matches(['/', '!']).trim());
            }
            _ => passages.push(Passage {
                text: line.to_owned(),
                starts: vec![(0, index + 1)],
            }),
        }
        in_comment = comment.is_some();
    }
    passages
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn comment_lines_are_joined_and_keep_their_numbers() {
        let passages = all("/// RFC 6749 §5\n/// and §6\nfn f() {} // x\n//! y\n");
        let texts: Vec<&str> = passages
            .iter()
            .map(|passage| passage.text.as_str())
            .collect();
        assert_eq!(texts, ["/// RFC 6749 §5 and §6", "fn f() {} // x", "//! y"]);
        let first = &passages[0];
        assert_eq!((first.line(0), first.line(15), first.line(22)), (1, 1, 2));
        assert_eq!(passages[2].line(3), 4);
    }
}
