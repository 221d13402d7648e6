//! Reads the time column of one file: RFC 3339 or epoch numbers, in one form throughout.
//!
//! Not here: which column that is (`signal`, `market`).
//! Invariant: a reader never changes its mind: the first value settles the form, a later value in another is refused,
//! because a file that mixes units has been damaged or glued together.

use super::time::{EARLIEST, EpochUnit, LATEST, Timestamp};

/// How a file writes its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StampForm {
    /// RFC 3339, each with its zone.
    Text,
    /// A date and time without a zone, read as UTC. Whoever wrote it may have meant another zone.
    Zoneless,
    /// A count since 1970-01-01T00:00:00Z.
    Epoch(EpochUnit),
}

/// Why a value is not a time of this file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// Neither a number nor RFC 3339.
    #[error("'{0}' is not a time (RFC 3339, or seconds, milliseconds or microseconds since 1970)")]
    NotATime(String),
    /// Before 2010 or after 2099.
    #[error("'{0}' is not a time between 2010 and 2099 in any unit")]
    OutOfRange(String),
    /// Another form than the rows before it.
    #[error("'{found}' is in {now}, the rows before it are in {before}: one file has one form")]
    Mixed {
        /// The value.
        found: String,
        /// The form it is in.
        now: &'static str,
        /// The form settled before.
        before: &'static str,
    },
}

/// Reads the times of one file.
#[derive(Clone, Debug, Default)]
pub struct StampReader {
    form: Option<StampForm>,
}

impl StampForm {
    /// `RFC 3339`, `text without a zone`, `epoch s`, `epoch ms` or `epoch µs`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "RFC 3339",
            Self::Zoneless => "text without a zone",
            Self::Epoch(EpochUnit::Seconds) => "epoch s",
            Self::Epoch(EpochUnit::Millis) => "epoch ms",
            Self::Epoch(EpochUnit::Micros) => "epoch µs",
        }
    }
}

impl StampReader {
    /// Nothing read yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The form of the file, once a value was read.
    #[must_use]
    pub const fn form(&self) -> Option<StampForm> {
        self.form
    }

    /// Reads one value.
    ///
    /// # Errors
    /// When it is no time, lies outside 2010–2099, or is in another form than the values before it.
    pub fn read(&mut self, text: &str) -> Result<Timestamp, StampError> {
        let text = text.trim();
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let number: i64 = text
                .parse()
                .map_err(|_| StampError::OutOfRange(clip(text)))?;
            return self.read_number(number);
        }
        let (instant, zoned) =
            Timestamp::parse_zoned(text).ok_or_else(|| StampError::NotATime(clip(text)))?;
        if !(EARLIEST..LATEST).contains(&instant) {
            return Err(StampError::OutOfRange(clip(text)));
        }
        let form = if zoned {
            StampForm::Text
        } else {
            StampForm::Zoneless
        };
        self.settle(form, || clip(text))?;
        Ok(instant)
    }

    /// Reads one epoch number.
    ///
    /// # Errors
    /// When it lies outside 2010–2099 in every unit, or is in another form than the values before it.
    pub fn read_number(&mut self, number: i64) -> Result<Timestamp, StampError> {
        let (instant, unit) = Timestamp::from_epoch(number)
            .ok_or_else(|| StampError::OutOfRange(number.to_string()))?;
        self.settle(StampForm::Epoch(unit), || number.to_string())?;
        Ok(instant)
    }

    fn settle(&mut self, now: StampForm, found: impl Fn() -> String) -> Result<(), StampError> {
        match self.form {
            Some(before) if before != now => Err(StampError::Mixed {
                found: found(),
                now: now.name(),
                before: before.name(),
            }),
            Some(_) => Ok(()),
            None => {
                self.form = Some(now);
                Ok(())
            }
        }
    }
}

/// Error texts show the start of what was found.
fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_settles_the_unit() {
        let mut stamps = StampReader::new();
        let instant = Timestamp::from_millis(1_767_254_120_000);
        assert_eq!(stamps.read("1767254120000"), Ok(instant));
        assert_eq!(stamps.form().map(StampForm::name), Some("epoch ms"));
        assert!(matches!(
            stamps.read("1767254120"),
            Err(StampError::Mixed { .. })
        ));
        assert!(matches!(
            stamps.read("2026-01-01T07:55:20Z"),
            Err(StampError::Mixed { .. })
        ));
        let mut text = StampReader::new();
        assert_eq!(text.read("2026-01-01T07:55:20Z"), Ok(instant));
        assert!(matches!(
            text.read("2026-01-01 15:55:20"),
            Err(StampError::Mixed { .. })
        ));
        let mut zoneless = StampReader::new();
        assert_eq!(zoneless.read("2026-01-01 07:55:20"), Ok(instant));
        assert_eq!(zoneless.form(), Some(StampForm::Zoneless));
    }

    #[test]
    fn what_is_no_time_of_this_market_is_refused() {
        for (text, range) in [
            ("", false),
            ("soon", false),
            ("1.5", false),
            ("0", true),
            ("-5", true),
            ("1970-01-01T00:00:00Z", true),
            ("2100-01-01T00:00:00Z", true),
            ("99999999999999999999999", true),
        ] {
            let wrong = StampReader::new().read(text);
            assert_eq!(
                matches!(wrong, Err(StampError::OutOfRange(_))),
                range,
                "{text}"
            );
            assert!(wrong.is_err(), "{text}");
        }
    }
}
