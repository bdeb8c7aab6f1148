//! The known word nearest to a mistyped one.

/// The candidate that differs least from `word`, if it differs little enough to be meant.
///
/// Little enough is a third of the longer word's letters, one at least. Letter case and `-` for `_`
/// count nothing. Of two equally near the first wins.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = folded(word);
    candidates
        .into_iter()
        .map(|candidate| {
            let folded = folded(candidate);
            let longer = folded.len().max(word.len());
            (candidate, distance(&word, &folded), (longer / 3).max(1))
        })
        .filter(|(_, distance, allowed)| distance <= allowed)
        .min_by_key(|(_, distance, _)| *distance)
        .map(|(candidate, _, _)| candidate)
}

/// Long words are cut: nothing we know is that long, and the work grows with the square.
fn folded(word: &str) -> Vec<char> {
    word.chars()
        .take(64)
        .map(|c| {
            if c == '-' {
                '_'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

/// The number of letters to insert, delete, replace or swap with a neighbour (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (row, &from) in a.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, &to) in b.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX);
            let replace = at(&last, column) + usize::from(from != to);
            let delete = at(&last, column + 1) + 1;
            let insert = at(&current, column) + 1;
            let mut best = replace.min(delete).min(insert);
            let swapped = row > 0
                && column > 0
                && a.get(row - 1) == Some(&to)
                && b.get(column - 1) == Some(&from);
            if swapped {
                best = best.min(at(&before_last, column - 1).saturating_add(1));
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let known = ["public_url", "listen", "tls", "trusted_proxies", "threads"];
        for (typed, expected) in [
            ("public_ulr", Some("public_url")),
            ("public-url", Some("public_url")),
            ("PublicUrl", Some("public_url")),
            ("lisen", Some("listen")),
            ("tsl", Some("tls")),
            ("trusted_proxy", Some("trusted_proxies")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known), expected, "{typed}");
        }
    }
}
