//! Plain text tables: aligned columns, readable without colour.
//!
//! Not here: what is in them.

use crate::report::table::columns;

/// A number with its noun: `1 message`, `2 messages`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Rows under a head, columns aligned by the widest cell; columns named in `right` are flushed right.
/// Nothing at all without rows.
pub(super) fn render(head: &[&str], rows: &[Vec<String>], right: &[usize]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| columns(cell))
            .chain([columns(head[column])])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(column, cell)| {
                let pad = " ".repeat(widths[column].saturating_sub(columns(cell)));
                if right.contains(&column) {
                    format!("{pad}{cell}")
                } else {
                    format!("{cell}{pad}")
                }
            })
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = String::new();
    for cells in [&head, &rule].into_iter().chain(rows) {
        text.push_str(&line(cells));
        text.push('\n');
    }
    text
}

/// Names and values, one pair a line.
pub(super) fn pairs(rows: &[(&str, String)]) -> String {
    let width = rows
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    rows.iter()
        .map(|(name, value)| {
            let pad = " ".repeat(width - name.chars().count());
            format!("{name}{pad}  {value}\n")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align() {
        let rows = [
            vec!["a".to_owned(), "1.5".to_owned()],
            vec!["bcd".to_owned(), "20".to_owned()],
        ];
        assert_eq!(
            render(&["leg", "usdt"], &rows, &[1]),
            "leg  usdt\n---  ----\na     1.5\nbcd    20\n"
        );
        // A letter of the East takes two columns of the terminal.
        let rows = [vec!["币安".to_owned(), "x".to_owned()]];
        assert_eq!(
            render(&["leg", "y"], &rows, &[]),
            "leg   y\n----  -\n币安  x\n"
        );
        assert_eq!(counted(1, "message"), "1 message");
    }
}
