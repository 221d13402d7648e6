//! Which faults of the market server a schedule has, how often each happens, when they end.
//!
//! Not here: what a fault does (`lookalike::faults`), deaths of the process and bad senders (`plan`, `pranks`).

use confluence::domain::random::Random;

/// A kind of fault and its share, in millionths, from one to the other.
const KINDS: [(&str, i64, i64); 12] = [
    ("silence", 100, 1_500),
    ("wrong_route", 100_000, 500_000),
    ("disconnect", 200, 4_000),
    ("duplicate", 5_000, 300_000),
    ("gap", 2_000, 60_000),
    ("delay", 1_000, 60_000),
    ("malformed", 2_000, 100_000),
    ("http429", 100_000, 400_000),
    ("http418", 100_000, 300_000),
    ("http503", 100_000, 600_000),
    ("http_garbage", 100_000, 400_000),
    ("late_ack", 200_000, 1_000_000),
];

/// Faults after which a trade can come too late for its instant: the market server has said that all was told.
const LATE: [&str; 2] = ["gap", "delay"];

/// Faults that cost time of the machine's clock: a silence until it is noticed, a ban until it is over. Fewer of them.
const SLOW: [&str; 7] = [
    "silence",
    "wrong_route",
    "disconnect",
    "http429",
    "http418",
    "http503",
    "http_garbage",
];

/// What goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Weather {
    /// As the market server reads it.
    pub(super) text: String,
    kinds: Vec<&'static str>,
    /// By what `/fapi/v1/time` is off, in ms.
    clock: i64,
}

impl Weather {
    /// Of a seed: one in eight is calm, half have one fault only, the rest several.
    pub(super) fn of(seed: u64) -> Self {
        let mut random = Random::stream(seed, &[1]);
        let mut kinds: Vec<(&str, i64, i64)> = match seed % 8 {
            0 => Vec::new(),
            1..=4 => {
                let index = (seed / 8 * 4 + seed % 8 - 1) % KINDS.len() as u64;
                vec![KINDS[usize::try_from(index).unwrap()]]
            }
            _ => {
                let mut all = KINDS.to_vec();
                random.shuffle(&mut all);
                let count = usize::try_from(random.between(2, 7)).unwrap();
                all.truncate(count);
                all
            }
        };
        kinds.sort_unstable();
        let mut parts: Vec<String> = kinds
            .iter()
            .map(|(name, low, high)| {
                format!("{name}=0.{:06}", random.between(*low, *high).min(999_999))
            })
            .collect();
        let mut clock = 0;
        if !parts.is_empty() {
            let slow = kinds.iter().any(|(name, _, _)| SLOW.contains(name));
            let slowest = kinds.iter().any(|(name, _, _)| *name == "wrong_route");
            let most = match (slowest, slow) {
                (true, _) => 4,
                (false, true) => 8,
                (false, false) => 300,
            };
            parts.push(format!("heal_after={}", random.between(3, most)));
            if seed % 8 > 4 && random.one_in(4) {
                // Ahead, the run would wait for a time at which a tape that waits for its answer never arrives.
                clock = random.between(-1_500, 1_500);
                parts.push(format!("clock={clock}ms"));
            }
        }
        Self {
            text: parts.join(","),
            kinds: kinds.iter().map(|(name, _, _)| *name).collect(),
            clock,
        }
    }

    /// Whether everything is heard at its instant, whatever happens: then a run must equal a backtest.
    pub(super) fn is_exact(&self) -> bool {
        self.clock == 0 && !self.kinds.iter().any(|kind| LATE.contains(kind))
    }

    /// Whether the very last frames can be missing without anything showing it.
    pub(super) fn can_hide_the_end(&self) -> bool {
        let hiding = ["gap", "delay", "silence", "disconnect", "wrong_route"];
        self.kinds.iter().any(|kind| hiding.contains(kind))
    }

    /// Names of all kinds.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        KINDS.iter().map(|(name, _, _)| *name)
    }
}
