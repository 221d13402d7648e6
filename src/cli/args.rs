//! The shape of the command line: verbs, flags, and which configuration key a flag stands for.
//!
//! Not here: what the verbs do (the modules beside this one).

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::failure::UsageError;
use super::{
    compare, control, data, diff, explain, market, paper, replay, report, signal, signals, sweep,
    validate,
};
use crate::domain::time::Timestamp;
use crate::report::files::Look;
use crate::report::html::scripts::Assets;
use crate::report::words::Lang;
use crate::settings::layers::{FlagValue, Layers};
use crate::settings::{Settings, environment};

/// Simulates the ValueScan confluence strategy on Binance USDⓈ-M futures.
#[derive(Debug, Parser)]
#[command(
    name = "sim",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 done, 1 failed (sim diff: the runs differ; sim replay: a decision does), 2 usage or configuration, 6 done but a validation gate failed, 130 interrupted."
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) talk: TalkArgs,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Heading of the options that every verb takes.
const TALK: &str = "Output";

/// How results and talk are given.
#[derive(Debug, Args)]
pub(super) struct TalkArgs {
    /// Form of the result on stdout
    #[arg(long, global = true, value_enum, default_value = "table", help_heading = TALK)]
    pub(super) format: Format,
    /// Say nothing but results, warnings and errors
    #[arg(short, long, global = true, help_heading = TALK)]
    pub(super) quiet: bool,
    /// Say more; repeat for still more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = TALK)]
    pub(super) verbose: u8,
    /// Plain text (so does the variable NO_COLOR)
    #[arg(long, global = true, help_heading = TALK)]
    pub(super) no_color: bool,
}

/// Form of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the strategy over recorded signals and prices, and write a run folder
    #[command(alias = "backtesting")]
    Backtest(BacktestArgs),
    /// Make the page and the pictures of a run folder again
    Report(report::ReportArgs),
    /// Run many settings over the same signals and prices, and rank them
    Sweep(sweep::SweepArgs),
    /// Say how much of the best of many settings is luck: survives, or probably noise
    Validate(validate::ValidateArgs),
    /// Put runs side by side: figures, curves, settings, what became of the same signals
    Compare(compare::CompareArgs),
    /// Find the first event in which two runs differ; exit code 1 when there is one
    Diff(diff::DiffArgs),
    /// Run the strategy on live prices with made-up fills, fed by the signal bridge
    Paper(paper::PaperArgs),
    /// Say how a running paper trader stands
    Status(control::AskArgs),
    /// List the open positions of a running paper trader, with the orders that rest
    Positions(control::AskArgs),
    /// Take no entries until resumed; open positions stay and stay protected
    Pause(control::AskArgs),
    /// Take entries again
    Resume(control::AskArgs),
    /// Close the position of a contract at market
    Close(control::OneArgs),
    /// Cancel the orders of a contract that would open a position
    Cancel(control::OneArgs),
    /// Close every position at market, and take no entries until resumed
    Flatten(control::AskArgs),
    /// Make every decision of a journal again, offline; exit code 1 when one comes out otherwise
    Replay(replay::ReplayArgs),
    /// Look at signal files: which pairs match, which nearly do
    #[command(subcommand)]
    Signals(signals::SignalsCommand),
    /// Send one signal by hand to a running paper trader
    #[command(subcommand)]
    Signal(signal::SignalCommand),
    /// Look at, convert and generate price data
    #[command(subcommand)]
    Data(data::DataCommand),
    /// Play the exchange: replay history over its public REST calls and streams
    #[command(subcommand)]
    Market(market::MarketCommand),
    /// Show or check the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Do the arithmetic of one decision, step by step
    #[command(subcommand)]
    Explain(explain::ExplainCommand),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Files and values of the configuration.
#[derive(Debug, Default, Args)]
pub(super) struct ConfigArgs {
    /// A configuration file; may be given several times, later ones win
    #[arg(short, long = "config", value_name = "FILE")]
    pub(super) config: Vec<PathBuf>,
    /// One value, for example exits.stop_pct=2; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
}

/// Folders of prices.
#[derive(Debug, Args)]
pub(super) struct DataArgs {
    /// A folder with prices, searched through; may be given several times
    #[arg(short, long = "data", value_name = "DIR", default_value = "data")]
    pub(super) data: Vec<PathBuf>,
}

/// `sim backtest`.
#[derive(Debug, Args)]
pub(super) struct BacktestArgs {
    /// A file of signals: csv, parquet, jsonl, recorded messages or the original's database
    #[arg(short, long, value_name = "FILE")]
    pub(super) signals: PathBuf,
    #[command(flatten)]
    pub(super) data: DataArgs,
    #[command(flatten)]
    pub(super) config: ConfigArgs,
    /// First instant, UTC: 2026-01-01 or 2026-01-01T07:15:00Z
    #[arg(long, value_name = "TIME")]
    pub(super) from: Option<String>,
    /// First instant no longer in the run
    #[arg(long, value_name = "TIME")]
    pub(super) to: Option<String>,
    /// Both as days: 20260101-20260108, 20260101- or -20260108
    #[arg(long, value_name = "DAYS", conflicts_with_all = ["from", "to"], allow_hyphen_values = true)]
    pub(super) timerange: Option<String>,
    /// Money at the start, in USDT
    #[arg(long, value_name = "USDT")]
    pub(super) balance: Option<String>,
    /// Seed of everything drawn at random
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<String>,
    /// Bars to trade on, such as 5m; finer ones then serve the drill-down
    #[arg(long, value_name = "LENGTH")]
    pub(super) interval: Option<String>,
    /// What the run looks at: bars, or trades (recorded ones, else four made from each bar)
    #[arg(long, value_name = "KIND", value_parser = ["bars", "trades"])]
    pub(super) prices: Option<String>,
    /// The run folder; without it, reports/<run id>
    #[arg(short, long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// How the simulator walks: both give the same results
    #[arg(long, value_enum, default_value = "skip")]
    pub(super) engine: Engine,
    /// Threads; the results do not depend on it
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(super) threads: Option<u16>,
    #[command(flatten)]
    pub(super) form: ReportForm,
    /// Put the pictures into this folder too
    #[arg(long, value_name = "DIR")]
    pub(super) png: Option<PathBuf>,
    /// Open the report when done
    #[arg(long)]
    pub(super) open: bool,
    /// Count this run in a register of trials, such as reports/trials.jsonl: sim validate asks how many there were
    #[arg(long, value_name = "FILE")]
    pub(super) register: Option<PathBuf>,
}

/// How the simulator walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Engine {
    /// Every bar
    Step,
    /// To the next event
    Skip,
}

/// How pages and pictures are made.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct ReportForm {
    /// Language of the page and its pictures; tables and files stay English
    #[arg(long, value_enum, default_value = "en")]
    lang: Language,
    /// The script of the charts: in the page, or in a file beside it
    #[arg(long, value_enum, default_value = "embed", value_name = "WHERE")]
    assets: AssetsArg,
}

/// Where the script of the charts is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum AssetsArg {
    /// In the page: one file, 4.7 MB larger
    Embed,
    /// In plotly.min.js beside the page
    Shared,
}

impl From<ReportForm> for Look {
    fn from(form: ReportForm) -> Self {
        Self {
            lang: form.lang.into(),
            assets: match form.assets {
                AssetsArg::Embed => Assets::Embed,
                AssetsArg::Shared => Assets::Shared,
            },
        }
    }
}

/// Languages of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Language {
    /// English
    En,
    /// Chinese, simplified
    Zh,
}

impl From<Language> for Lang {
    fn from(language: Language) -> Self {
        match language {
            Language::En => Self::En,
            Language::Zh => Self::Zh,
        }
    }
}

/// `sim config`.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print every key with its value and where that came from
    Show {
        #[command(flatten)]
        config: ConfigArgs,
        /// Only what differs from the defaults
        #[arg(long)]
        changed: bool,
        /// As a configuration file
        #[arg(long, conflicts_with = "changed")]
        toml: bool,
    },
    /// Check the configuration and say what it comes to
    Check {
        #[command(flatten)]
        config: ConfigArgs,
    },
}

impl ConfigArgs {
    /// Loads the settings with these files and values, the environment, and flags that stand for keys.
    pub(super) fn load(&self, flags: Vec<FlagValue>) -> anyhow::Result<Settings> {
        Ok(Settings::load(&self.layers(flags)?)?)
    }

    /// All layers of these files and values.
    pub(super) fn layers(&self, flags: Vec<FlagValue>) -> Result<Layers, UsageError> {
        if let Some((name, meant)) = environment::mistaken() {
            return Err(UsageError(format!(
                "the variable {name} looks like a setting, and no setting is written so\nhint: {meant} (two underscores after SIM and between section and key), or take it away"
            )));
        }
        Ok(Layers {
            files: self.config.clone(),
            environment: environment::variables(),
            sets: self.set.clone(),
            flags,
        })
    }
}

impl BacktestArgs {
    /// The settings of the run: the flags beside `--set` stand for keys.
    pub(super) fn settings(&self) -> anyhow::Result<Settings> {
        let mut flags = Vec::new();
        for (flag, key, value) in [
            ("--from", "run.from", &self.from),
            ("--to", "run.to", &self.to),
            ("--balance", "account.balance_usdt", &self.balance),
            ("--seed", "run.seed", &self.seed),
            ("--interval", "data.interval", &self.interval),
            ("--prices", "simulation.prices", &self.prices),
        ] {
            if let Some(value) = value {
                flags.push(flag_value(flag, key, value));
            }
        }
        if let Some(range) = &self.timerange {
            flags.extend(timerange(range)?);
        }
        self.config.load(flags)
    }
}

pub(super) fn flag_value(flag: &'static str, key: &'static str, value: &str) -> FlagValue {
    FlagValue {
        flag,
        key,
        value: value.to_owned(),
    }
}

/// `20260101-20260108`, either side may be missing.
fn timerange(text: &str) -> Result<Vec<FlagValue>, UsageError> {
    let wrong = || {
        UsageError(format!(
            "--timerange: '{text}' is not of the form 20260101-20260108\nhint: leave one side out for an open end, or use --from and --to with times"
        ))
    };
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let mut flags = Vec::new();
    for (day, key) in [(from, "run.from"), (to, "run.to")] {
        if day.is_empty() {
            continue;
        }
        let digits = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
        let date = digits.then(|| format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]));
        let date = date
            .filter(|date| Timestamp::parse(date).is_some())
            .ok_or_else(wrong)?;
        flags.push(flag_value("--timerange", key, &date));
    }
    if flags.is_empty() {
        return Err(wrong());
    }
    Ok(flags)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_parser_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn day_ranges_are_read() {
        let days = |text| {
            let flags = timerange(text).ok()?;
            Some(
                flags
                    .into_iter()
                    .map(|flag| (flag.key, flag.value))
                    .collect::<Vec<_>>(),
            )
        };
        let from = ("run.from", "2026-01-01".to_owned());
        let to = ("run.to", "2026-01-08".to_owned());
        assert_eq!(
            days("20260101-20260108"),
            Some(vec![from.clone(), to.clone()])
        );
        assert_eq!(days("20260101-"), Some(vec![from]));
        assert_eq!(days("-20260108"), Some(vec![to]));
        for wrong in [
            "",
            "-",
            "20260101",
            "20261301-",
            "2026-01-01",
            "20260101-2026010é",
        ] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
    }
}
