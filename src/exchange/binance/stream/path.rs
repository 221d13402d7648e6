//! Bars turned into trades, for minutes whose trades the exchange no longer has one by one.
//!
//! Not here: when that is done (`repair`).
//! Invariant: four trades a bar, open first and close last, the low before the high when the bar did not fall.

use crate::domain::bar::Bar;
use crate::domain::market::{MarketEvent, News};
use crate::domain::num::Qty;
use crate::domain::symbol::SymbolId;
use crate::domain::time::Span;

/// The four trades of a bar: at its open, after a third, after two thirds, and in its last millisecond. Equal prices are
/// still four trades. The volume is split in four, the rest goes to the last; a part of nothing is no trade, so a bar
/// without volume has none.
pub(super) fn trades(bar: &Bar, symbol: SymbolId, length: Span) -> Vec<MarketEvent> {
    let (second, third) = if bar.close >= bar.open {
        (bar.low, bar.high)
    } else {
        (bar.high, bar.low)
    };
    let whole = bar.volume.steps();
    let part = whole / 4;
    let millis = length.millis();
    let points = [
        (0, bar.open, part),
        (millis / 3, second, part),
        (millis * 2 / 3, third, part),
        (millis - 1, bar.close, whole - 3 * part),
    ];
    points
        .into_iter()
        .filter_map(|(after, price, steps)| {
            let qty = Qty::from_steps(steps).filter(|qty| !qty.is_zero())?;
            Some(MarketEvent {
                at: bar.open_time + Span::from_millis(after),
                symbol,
                news: News::Trade { price, qty },
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::num::Price;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_bar_is_four_trades_along_its_path() {
        let price = |text: &str| text.parse::<Price>().unwrap();
        let bar = |open: &str, close: &str, volume: &str| Bar {
            open_time: Timestamp::from_millis(60_000),
            open: price(open),
            high: price("12"),
            low: price("8"),
            close: price(close),
            volume: volume.parse().unwrap(),
        };
        let told = |bar: &Bar| -> Vec<(i64, String, String)> {
            trades(bar, SymbolId::at(0), Span::from_millis(60_000))
                .into_iter()
                .map(|event| match event.news {
                    News::Trade { price, qty } => {
                        (event.at.millis(), price.to_string(), qty.to_string())
                    }
                    News::Quote { .. } | News::Mark { .. } => unreachable!(),
                })
                .collect()
        };
        let row = |at, price: &str, qty: &str| (at, price.to_owned(), qty.to_owned());
        assert_eq!(
            told(&bar("10", "10", "0.00000007")),
            [
                row(60_000, "10", "0.00000001"),
                row(80_000, "8", "0.00000001"),
                row(100_000, "12", "0.00000001"),
                row(119_999, "10", "0.00000004"),
            ]
        );
        assert_eq!(told(&bar("10", "9", "4"))[1], row(80_000, "12", "1"));
        assert_eq!(told(&bar("10", "9", "0")), []);
    }
}
