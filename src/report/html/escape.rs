//! Foreign text made harmless: markup escaped, control and direction letters made visible.
//!
//! Not here: anything else. Every text of a run passes here on its way to the page.

/// Text for content and for quoted attributes.
#[must_use]
pub fn text(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for letter in raw.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(' '),
            // Marks that turn the direction of writing can make a name read as another.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                safe.push('\u{fffd}');
            }
            control if control.is_control() => safe.push('\u{fffd}'),
            plain => safe.push(plain),
        }
    }
    safe
}

/// The same letters without markup, for data that a script reads: what reads it makes text of it, not markup, and this
/// is the second lock.
#[must_use]
pub fn harmless(raw: &str) -> String {
    raw.chars()
        .map(|letter| match letter {
            '<' => '\u{2039}',
            '>' => '\u{203a}',
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                '\u{fffd}'
            }
            control if control.is_control() => '\u{fffd}',
            plain => plain,
        })
        .collect()
}

/// The text of numbers, with true minus signs where one begins with a hyphen.
#[must_use]
pub fn number(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    let mut before = ' ';
    for letter in text(raw).chars() {
        let is_minus = letter == '-' && matches!(before, ' ' | '(' | '：' | '，' | '（');
        safe.push(if is_minus { '\u{2212}' } else { letter });
        before = letter;
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_tricks_become_text() {
        for (raw, safe) in [
            (
                "<script>alert('x')</script>",
                "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;",
            ),
            ("a\" onload=\"b", "a&quot; onload=&quot;b"),
            ("币安人生USDT", "币安人生USDT"),
            ("\u{202e}TDSU\0", "\u{fffd}TDSU\u{fffd}"),
        ] {
            assert_eq!(text(raw), safe);
        }
        assert_eq!(number("-1.00 to -2"), "\u{2212}1.00 to \u{2212}2");
        assert_eq!(number("净盈亏：-1"), "净盈亏：\u{2212}1");
        assert_eq!(number("2026-01-01"), "2026-01-01");
    }
}
