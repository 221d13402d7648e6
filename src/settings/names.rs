//! Which key a mistyped or foreign name may have meant.
//!
//! Not here: which keys exist (`config/default.toml`).

use super::environment::PREFIX;
use super::source::Origin;

/// Names that the original program and the mission use, and ours.
const ELSEWHERE: [(&str, &str); 22] = [
    ("signal_time_window", "signals.window_s"),
    ("min_signal_score", "signals.score_min"),
    ("min_score", "signals.score_min"),
    (
        "enable_fomo_intensify",
        "signals.role_112 (true is \"leg\", false is \"ignore\")",
    ),
    ("max_position_percent", "sizing.position_pct"),
    ("max_total_position_percent", "sizing.total_pct"),
    ("max_daily_trades", "daily.trades_max"),
    ("max_daily_loss_percent", "daily.loss_max_pct"),
    ("stop_loss_percent", "exits.stop_pct"),
    ("stop_loss_pct", "exits.stop_pct"),
    ("stoploss", "exits.stop_pct"),
    ("take_profit_1_percent", "exits.targets"),
    ("take_profit_2_percent", "exits.targets"),
    ("take_profit_pct", "exits.targets"),
    ("enable_trailing_stop", "exits.trailing.enabled"),
    ("trailing_stop_activation", "exits.trailing.activation_pct"),
    ("trailing_stop_callback", "exits.trailing.callback_pct"),
    ("margin_type", "account.margin_mode"),
    ("initial_balance", "account.balance_usdt"),
    ("starting_balance", "account.balance_usdt"),
    ("dry_run_wallet", "account.balance_usdt"),
    ("slippage_tolerance", "simulation.slippage_bps"),
];

/// Similarity from which a name counts as a slip of another.
const SIMILAR: f64 = 0.8;

/// What to do about an unknown name.
pub(super) fn hint(path: &str, origin: &Origin, known: &[String]) -> String {
    let lower = path.to_lowercase();
    let last = last_part(&lower);
    if let Some((_, ours)) = ELSEWHERE.iter().find(|(theirs, _)| *theirs == last) {
        return format!("this program calls it {ours}");
    }
    match nearest(&lower, known.iter().map(String::as_str)) {
        Some(key) => match origin {
            Origin::Environment(_) => {
                format!(
                    "did you mean {PREFIX}{}?",
                    key.to_uppercase().replace('.', "__")
                )
            }
            Origin::Default | Origin::File(_) | Origin::Flag(_) => format!("did you mean '{key}'?"),
        },
        None => "`sim config show` lists every key".to_owned(),
    }
}

/// The most similar of some names, if any is similar enough. A name right in its last part alone counts as well: the
/// usual mistake is the section.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(f64, &str)> = None;
    for candidate in known {
        let whole = strsim::jaro_winkler(name, candidate);
        let end = strsim::jaro_winkler(last_part(name), last_part(candidate)) * 0.98;
        let likeness = whole.max(end);
        if likeness >= SIMILAR && best.is_none_or(|(top, _)| likeness > top) {
            best = Some((likeness, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_key() {
        let known: Vec<String> = [
            "account.leverage",
            "exits.stop_pct",
            "exits.stop_watched",
            "sizing.position_pct",
        ]
        .map(str::to_owned)
        .to_vec();
        for (typed, meant) in [
            ("exits.stop_pc", "exits.stop_pct"),
            ("exit.stop_pct", "exits.stop_pct"),
            ("trading.leverage", "account.leverage"),
            ("leverage", "account.leverage"),
            ("sizing.positon_pct", "sizing.position_pct"),
        ] {
            let hint = hint(typed, &Origin::Default, &known);
            assert_eq!(hint, format!("did you mean '{meant}'?"), "{typed}");
        }
        let origin = Origin::Environment("SIM__EXITS__STOP_PC".to_owned());
        assert_eq!(
            hint("exits.stop_pc", &origin, &known),
            "did you mean SIM__EXITS__STOP_PCT?"
        );
        assert!(hint("MAX_DAILY_TRADES", &Origin::Default, &known).contains("daily.trades_max"));
        assert!(hint("xyz", &Origin::Default, &known).contains("config show"));
    }
}
