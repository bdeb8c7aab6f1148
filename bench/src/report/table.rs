//! A Markdown table whose columns line up, so that it reads well in a terminal too.

/// Rows of cells; the first row is the heading.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(heading: &[&str]) -> Self {
        let heading = heading.iter().map(|cell| (*cell).to_owned()).collect();
        Self {
            rows: vec![heading],
        }
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The first column to the left, figures to the right.
    pub(super) fn markdown(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for (number, row) in self.rows.iter().enumerate() {
            text.push('|');
            for (column, width) in widths.iter().copied().enumerate() {
                let cell = row.get(column).map_or("", String::as_str);
                text.push_str(&if column == 0 {
                    format!(" {cell:<width$} |")
                } else {
                    format!(" {cell:>width$} |")
                });
            }
            text.push('\n');
            if number == 0 {
                text.push('|');
                for (column, width) in widths.iter().copied().enumerate() {
                    let line = "-".repeat(width + 1);
                    text.push_str(&if column == 0 {
                        format!("{line}-|")
                    } else {
                        format!("{line}:|")
                    });
                }
                text.push('\n');
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["case", "x"]);
        table.row(vec!["nginx".to_owned(), "1.00".to_owned()]);
        assert_eq!(
            table.markdown(),
            "| case  |    x |\n|-------|-----:|\n| nginx | 1.00 |\n"
        );
    }
}
