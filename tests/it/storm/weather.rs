//! Which faults a seed has and how often, and the count of which fault met which state of protection.
//!
//! Not here: what a fault does (`exchange`).

use confluence::domain::random::Random;
use confluence::trader::Protection;

use super::line::NEWS_MAX;
use super::plan::Bent;
use super::venue::{OVERLOOKED, WINDOW};

/// What can go wrong between trader and exchange, and at the exchange itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// A request never arrives.
    DropRequest,
    /// A request is executed, its answer is lost.
    DropAnswer,
    /// A fill or an end is never told.
    DropNews,
    /// An answer or news comes twice.
    Repeat,
    /// A request arrives late, but in time.
    DelayRequest,
    /// An answer or news comes late and out of order.
    DelayNews,
    /// A request arrives after the receive window and is refused.
    Late,
    /// Refused: the trigger would fire now.
    RejectTrigger,
    /// Refused: too many requests.
    RejectThrottled,
    /// Refused with a code nobody knows.
    RejectOther,
    /// An entry executes in pieces or only in part.
    PartialEntry,
    /// An exit executes in pieces or only in part.
    PartialExit,
    /// The link is down for a while.
    Disconnect,
    /// The trader dies and is rebuilt from its journal.
    Restart,
    /// The exchange takes a resting stop away.
    StopCanceled,
    /// The exchange closes the position.
    ClosedByExchange,
    /// A query does not see an order that was accepted.
    QueryLag,
}

impl Fault {
    pub(crate) const ALL: [Self; 17] = [
        Self::DropRequest,
        Self::DropAnswer,
        Self::DropNews,
        Self::Repeat,
        Self::DelayRequest,
        Self::DelayNews,
        Self::Late,
        Self::RejectTrigger,
        Self::RejectThrottled,
        Self::RejectOther,
        Self::PartialEntry,
        Self::PartialExit,
        Self::Disconnect,
        Self::Restart,
        Self::StopCanceled,
        Self::ClosedByExchange,
        Self::QueryLag,
    ];

    /// Chance in a thousand at full strength, per occasion.
    const fn strength(self) -> u64 {
        match self {
            Self::DropRequest | Self::DropAnswer | Self::RejectOther => 150,
            Self::RejectTrigger => 120,
            Self::RejectThrottled => 200,
            Self::DropNews => 250,
            Self::Repeat => 400,
            Self::DelayRequest | Self::DelayNews => 300,
            Self::Late => 80,
            Self::PartialEntry | Self::PartialExit => 600,
            Self::QueryLag => 300,
            // Per tick of half a second.
            Self::Disconnect | Self::ClosedByExchange => 40,
            Self::StopCanceled => 60,
            // Per event heard.
            Self::Restart => 30,
        }
    }
}

/// All states of protection, in order.
pub(crate) const STATES: [Protection; 8] = [
    Protection::Flat,
    Protection::Entering,
    Protection::Arming,
    Protection::Stopped,
    Protection::Bracketed,
    Protection::Reduced,
    Protection::Leaving,
    Protection::Sweeping,
];

/// The least chances of a bent seed, in thousandths.
const fn raised(bent: Bent) -> &'static [(Fault, u64)] {
    match bent {
        Bent::No => &[],
        Bent::Reentry => &[
            (Fault::StopCanceled, 150),
            (Fault::RejectTrigger, 200),
            (Fault::PartialExit, 800),
            (Fault::DelayRequest, 500),
        ],
        Bent::SlowEntry => &[(Fault::PartialEntry, 900), (Fault::DelayRequest, 500)],
        Bent::Forgetful => &[
            (Fault::QueryLag, 900),
            (Fault::DropNews, 150),
            (Fault::DropAnswer, 100),
        ],
    }
}

/// Chances of one seed, in thousandths.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    chances: [u64; Fault::ALL.len()],
}

impl Weather {
    /// A swarm: each seed has its own subset of faults, each with its own strength.
    pub(crate) fn of(seed: u64) -> Self {
        let mut random = Random::stream(seed, &[1]);
        let share = 1 + random.below(4);
        let mut chances = Fault::ALL.map(|fault| {
            if random.below(4) < share {
                1 + random.below(fault.strength())
            } else {
                0
            }
        });
        for (fault, chance) in raised(Bent::of(seed)) {
            let own = &mut chances[*fault as usize];
            *own = (*own).max(*chance);
        }
        Self { chances }
    }

    /// No fault at all.
    pub(crate) const fn calm() -> Self {
        Self {
            chances: [0; Fault::ALL.len()],
        }
    }

    pub(crate) fn strikes(&self, fault: Fault, random: &mut Random) -> bool {
        let chance = self.chances[fault as usize];
        chance > 0 && random.below(1000) < chance
    }
}

/// How often each fault met each state of protection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matrix {
    counts: [[u64; STATES.len()]; Fault::ALL.len()],
}

impl Matrix {
    pub(crate) fn met(&mut self, fault: Fault, state: Protection) {
        self.counts[fault as usize][state as usize] += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (row, more) in self.counts.iter_mut().zip(&other.counts) {
            for (count, more) in row.iter_mut().zip(more) {
                *count += more;
            }
        }
    }

    pub(crate) fn print(&self) {
        let heads: Vec<String> = STATES.iter().map(|state| format!("{state:?}")).collect();
        println!(
            "{:17}{}",
            "",
            heads
                .iter()
                .map(|head| format!("{head:>10}"))
                .collect::<String>()
        );
        for (fault, row) in Fault::ALL.iter().zip(&self.counts) {
            let cells: String = STATES
                .iter()
                .zip(row)
                .map(|(state, count)| match unreachable(*fault, *state) {
                    Some(_) => format!("{:>10}", format!("({count})")),
                    None => format!("{count:>10}"),
                })
                .collect();
            println!("{:17}{cells}", format!("{fault:?}"));
        }
    }

    /// Cells that can be reached and were met less often than `least`, and those that cannot and were met.
    pub(crate) fn wrong(&self, least: u64) -> Vec<String> {
        let mut wrong = Vec::new();
        for (fault, row) in Fault::ALL.iter().zip(&self.counts) {
            for (state, count) in STATES.iter().zip(row) {
                let never = unreachable(*fault, *state).is_some();
                if (never && *count > 0) || (!never && *count < least) {
                    let wanted = if never { 0 } else { least };
                    wrong.push(format!(
                        "{fault:?} met {state:?} {count} times, not {wanted}"
                    ));
                }
            }
        }
        wrong
    }

    /// The cells that must be met, and the least count among them.
    pub(crate) fn met_least(&self) -> (usize, u64) {
        let cells = Fault::ALL
            .iter()
            .zip(&self.counts)
            .flat_map(|(fault, row)| {
                let states = STATES.iter().zip(row);
                states.filter(|(state, _)| unreachable(*fault, **state).is_none())
            });
        let counts: Vec<u64> = cells.map(|(_, count)| *count).collect();
        (counts.len(), counts.into_iter().min().unwrap_or(0))
    }
}

/// Why the trader is right when it holds an order over: every reason below rests on it.
const OVER: &str = "an order the trader holds over is over: the exchange said so and every execution it counts was heard, \
    or it denied the order three times, the last time 14 s or more after it was sent, while a denial of an order that \
    lives is heard within 13.2 s (3 s until the last one arrives, 4 s in which it may be overlooked, 6.2 s on the line)";

/// The earliest third denial that the trader believes: 10 s after the order was sent, and two more 2 s apart.
const BELIEVED_LOST: i64 = 14_000;
const _: () = assert!(WINDOW + OVERLOOKED + NEWS_MAX < BELIEVED_LOST);

/// Why a fault cannot meet a state, if so: a proof, and the count must be zero.
const fn unreachable(fault: Fault, state: Protection) -> Option<&'static str> {
    use Protection::{Bracketed, Flat, Reduced, Sweeping};
    match (fault, state) {
        (
            Fault::DropNews
            | Fault::RejectTrigger
            | Fault::RejectThrottled
            | Fault::RejectOther
            | Fault::StopCanceled,
            Flat,
        ) => Some("it happens to an order that is not over, and flat means that all are"),
        (Fault::PartialEntry, Flat | Sweeping) => Some(
            "an entry that is not over makes it Entering or belongs to a position that is known",
        ),
        (Fault::PartialEntry, Bracketed | Reduced) => Some(
            "legs are placed once the order that opened the position is over, and beside a position no entry is sent",
        ),
        (Fault::PartialExit | Fault::ClosedByExchange, Flat | Sweeping) => Some(
            "with every entry over, all that was bought was heard of, and the exits heard have closed it: there is no position",
        ),
        _ => None,
    }
}

/// The reasons for the cells in brackets.
pub(crate) fn print_unreachable() {
    println!("(never, because {OVER})");
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for fault in Fault::ALL {
        for state in STATES {
            let Some(reason) = unreachable(fault, state) else {
                continue;
            };
            let cell = format!("{fault:?}×{state:?}");
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, cells)) => cells.push(cell),
                None => reasons.push((reason, vec![cell])),
            }
        }
    }
    for (reason, cells) in reasons {
        println!("(never {}: {reason})", cells.join(", "));
    }
}
