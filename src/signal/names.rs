//! A name of the feed becomes the name of a contract.
//!
//! Not here: which contracts there are (`market`): whoever asks brings a way to know.

use crate::domain::symbol::Symbol;

/// Multipliers that exchanges put before the name of a cheap coin.
const MULTIPLIERS: [&str; 3] = ["1000", "1000000", "1M"];

/// What a name was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contract {
    /// The exchange lists the name itself.
    Listed(Symbol),
    /// The exchange lists only a multiple of the coin, for example `1000PEPEUSDT` for `PEPE`.
    Multiple(Symbol),
    /// Nothing known has this name; the spelling is normalised all the same (S1).
    Unlisted(Symbol),
    /// Nothing is left of the name.
    Empty,
}

impl Contract {
    /// The contract's name; `None` when nothing was left of the feed's.
    #[must_use]
    pub fn symbol(&self) -> Option<&Symbol> {
        match self {
            Self::Listed(symbol) | Self::Multiple(symbol) | Self::Unlisted(symbol) => Some(symbol),
            Self::Empty => None,
        }
    }
}

/// Finds the contract of a name. `listed` says whether a contract is known (from filters, brackets or prices); a
/// multiplier is never guessed, only found there.
///
/// # Errors
/// What `listed` says.
pub fn contract<E>(
    raw: &str,
    mut listed: impl FnMut(&Symbol) -> Result<bool, E>,
) -> Result<Contract, E> {
    let Some(symbol) = Symbol::normalize(raw) else {
        return Ok(Contract::Empty);
    };
    if listed(&symbol)? {
        return Ok(Contract::Listed(symbol));
    }
    for multiplier in MULTIPLIERS {
        let multiple = Symbol::new(&format!("{multiplier}{symbol}"));
        if listed(&multiple)? {
            return Ok(Contract::Multiple(multiple));
        }
    }
    Ok(Contract::Unlisted(symbol))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multipliers_are_found_never_guessed() {
        let known = ["BTCUSDT", "1000PEPEUSDT", "1MBABYDOGEUSDT", "币安人生USDT"];
        let find = |raw: &str| {
            let listed = |symbol: &Symbol| Ok::<_, ()>(known.contains(&symbol.as_str()));
            contract(raw, listed).unwrap_or(Contract::Empty)
        };
        assert_eq!(find("$btc"), Contract::Listed(Symbol::new("BTCUSDT")));
        assert_eq!(
            find("PEPE"),
            Contract::Multiple(Symbol::new("1000PEPEUSDT"))
        );
        assert_eq!(
            find("babydoge"),
            Contract::Multiple(Symbol::new("1MBABYDOGEUSDT"))
        );
        assert_eq!(find("SHIB"), Contract::Unlisted(Symbol::new("SHIBUSDT")));
        assert_eq!(
            find("币安人生"),
            Contract::Listed(Symbol::new("币安人生USDT"))
        );
        assert_eq!(find(" $ "), Contract::Empty);
    }
}
